"""JSON that others wrote, and JSON that others read. It opens no files.

What cannot be read raises ValueError and nothing else. NaN and infinity, which are not JSON, are neither read nor
written.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from .errors import RsgptError


def parse_json(text: str | bytes) -> Any:
    """The value that a text holds. ValueError: it is no JSON, holds NaN or infinity, or is nested too deeply."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def json_text(data: Any, indent: int | None = None) -> str:
    """A value as JSON, in its own characters. RsgptError where a number is NaN or infinite."""
    try:
        return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=indent)
    except ValueError as error:
        raise RsgptError(
            "A result holds NaN or an infinite number, which cannot be written. Check the model with `rsgpt doctor`."
        ) from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
