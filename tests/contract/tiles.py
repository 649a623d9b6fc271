"""Rasters that both sides must cut and show alike: what they hold, made without either's libraries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

RECORD = Path(__file__).with_name("tiles.json")
COLUMNS = Path(__file__).with_name("columns.json")


def cases() -> list[dict[str, Any]]:
    """Each raster with how it is cut, and, as `found`, what the plugin makes of it."""
    return list(json.loads(RECORD.read_text("utf-8")))


def recorded_columns() -> dict[str, Any]:
    """Lines of questions, and the name and type of each column of their result."""
    return dict(json.loads(COLUMNS.read_text("utf-8")))


def compact(found: list[dict[str, Any]]) -> str:
    """The text of RECORD: a line for each raster."""
    return "[\n" + ",\n".join(json.dumps(case) for case in found) + "\n]\n"


def values(case: dict[str, Any]) -> np.ndarray:
    """bands x height x width of the case's kind; where it has a no-data value, there are a corner and tiles of it."""
    band, y, x = np.ogrid[: case["bands"], : case["height"], : case["width"]]
    levels = (x * 7 + y * 13 + band * 29 + (x * y) // 5) % case["levels"]
    made = (levels * case["step"] + case["least"]).astype(case["kind"])
    if case["nodata"] is not None:
        made[:, :45, :50] = case["nodata"]
        made[0, 40:, 60:] = case["nodata"]
    return np.ascontiguousarray(made)
