"""Rasters that both sides must tile and show equally, created with numpy only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

RECORD = Path(__file__).with_name("tiles.json")
COLUMNS = Path(__file__).with_name("columns.json")


def cases() -> list[dict[str, Any]]:
    """Return each raster with its tiling and, as `found`, the result of the plugin."""
    return list(json.loads(RECORD.read_text("utf-8")))


def recorded_columns() -> dict[str, Any]:
    """Return question lines, and name and type of each column of their result."""
    return dict(json.loads(COLUMNS.read_text("utf-8")))


def compact(records: list[dict[str, Any]]) -> str:
    """Return the text of RECORD, with one line per raster."""
    return "[\n" + ",\n".join(json.dumps(case) for case in records) + "\n]\n"


def values(case: dict[str, Any]) -> np.ndarray:
    """Return bands x height x width of the case; with a no-data value, it fills a corner and some tiles."""
    band, y, x = np.ogrid[: case["bands"], : case["height"], : case["width"]]
    levels = (x * 7 + y * 13 + band * 29 + (x * y) // 5) % case["levels"]
    samples = (levels * case["step"] + case["least"]).astype(case["kind"])
    if case["nodata"] is not None:
        samples[:, :45, :50] = case["nodata"]
        samples[0, 40:, 60:] = case["nodata"]
    return np.ascontiguousarray(samples)
