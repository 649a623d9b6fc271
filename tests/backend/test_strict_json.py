"""Any invalid JSON raises ValueError, and NaN is not written."""

from __future__ import annotations

import pytest

from rsgpt_backend.errors import RsgptError
from rsgpt_backend.strict_json import json_text, parse_json


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "NaN", "[-Infinity]", "", "{", "9" * 10_000, b"\xff"]
)
def test_invalid_json_raises_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


def test_json_round_trip() -> None:
    value = {"a": [1, 2.5, "树"], "b": None}
    assert parse_json(json_text(value)) == value
    assert "树" in json_text(value)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_nan_and_infinity_are_not_written(number: float) -> None:
    with pytest.raises(RsgptError, match="NaN or an infinite number"):
        json_text({"confidence": [number]})
