"""Strict JSON parsing and writing: NaN and infinity, which are not JSON, are neither read nor written."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from .errors import RsgptError


def parse_json(text: str | bytes) -> Any:
    """Return the value of a JSON text.

    Raises ValueError, and no other error, if the text is not JSON, holds NaN or infinity, or is nested too deeply.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def json_text(data: Any, indent: int | None = None) -> str:
    """Return a value as JSON with unescaped Unicode. Raises RsgptError if a number is NaN or infinite."""
    try:
        return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=indent)
    except ValueError as error:
        raise RsgptError(
            "A result contains NaN or an infinite number and cannot be written. Check the model with `rsgpt doctor`."
        ) from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")
