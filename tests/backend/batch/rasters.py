"""Small raster files whose tiles have their number in the middle pixel, where the fake engine reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.enums import ColorInterp
from rasterio.transform import Affine

from rsgpt_backend.batch.tile_polygons import TileGrid, Window

NORTH_UP = (500000.0, 0.5, 0.0, 4000000.0, 0.0, -0.5)
ROTATED = (500000.0, 0.5 * 0.8660254, -0.25, 4000000.0, -0.25, -0.5 * 0.8660254)


@dataclass(frozen=True)
class OddGeoTiff:
    """Properties of a raster that differ from the default."""

    geotransform: tuple[float, ...] = NORTH_UP
    crs: str | None = "EPSG:32611"
    nodata: float | None = None
    meanings: tuple[ColorInterp, ...] = ()
    palette: bool = False


def write(path: Path, values: np.ndarray, odd: OddGeoTiff | None = None, **options: Any) -> Path:
    """Write an array of bands x height x width as a GeoTIFF."""
    odd = odd or OddGeoTiff()
    bands, height, width = values.shape
    place = {"crs": odd.crs, "transform": Affine.from_gdal(*odd.geotransform), "nodata": odd.nodata}
    shape = {"count": bands, "height": height, "width": width, "dtype": values.dtype.name}
    with rasterio.open(path, "w", driver="GTiff", **shape, **place, **options) as dataset:
        if odd.meanings:
            dataset.colorinterp = odd.meanings
        dataset.write(values)
        if odd.palette:
            dataset.write_colormap(1, {0: (0, 0, 0, 255), 1: (255, 0, 0, 255)})
    return path


def numbered(width: int, height: int, size: int) -> np.ndarray:
    """Return 3 x height x width, uint8, with a number from 1 in the middle of each tile."""
    values = np.add.outer(np.arange(height), np.arange(width)).astype(np.uint8)
    values = np.stack([values, values // 2, 255 - values])
    grid = TileGrid(Window(0, 0, width, height), size)
    for number in range(len(grid)):
        window = grid.window(number)
        x, y = window.x + window.width // 2, window.y + window.height // 2
        values[:, y, x] = (number + 1) >> 16, (number + 1) >> 8 & 255, (number + 1) & 255
    return values
