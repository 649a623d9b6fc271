"""Polygons that choose tiles, from any vector file. It moves no tile and reads no pixel."""

from __future__ import annotations

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from ..errors import DataError
from .grid import Frame, TileGrid

_AT_ONCE = 4096


def read_mask(path: str, crs: CRS) -> BaseGeometry:
    """The union of a file's polygons, in `crs`. DataError where there is none."""
    try:
        meta, _, encoded, _ = pyogrio.raw.read(path, columns=[])
    except (DataSourceError, DataLayerError) as error:
        raise DataError(f"The mask {path} cannot be read ({error}). Give a file of polygons.") from error
    if not meta["crs"]:
        raise DataError(f"The mask {path} has no coordinate system. Give it one, then run again.")
    to_raster = Transformer.from_crs(CRS(meta["crs"]), crs, always_xy=True)
    moved = shapely.transform(shapely.from_wkb(encoded), to_raster.transform, interleaved=False)
    bounded = moved[np.isfinite(shapely.bounds(moved)).all(axis=1)]
    polygons = bounded[shapely.get_dimensions(bounded) == 2]
    if not len(polygons):
        raise DataError(f"The mask {path} has no polygon that lies on the map. Choose another mask.")
    return shapely.union_all(shapely.make_valid(polygons))


def chosen_tiles(mask: BaseGeometry, frame: Frame, grid: TileGrid) -> np.ndarray:
    """The numbers of the tiles that overlap the mask; to share an edge with it is not enough."""
    shapely.prepare(mask)
    found = []
    for start in range(0, len(grid), _AT_ONCE):
        numbers = np.arange(start, min(start + _AT_ONCE, len(grid)))
        tiles = frame.polygons([grid.window(int(number)) for number in numbers])
        smaller = shapely.buffer(tiles, -1e-4 * np.sqrt(shapely.area(tiles)), quad_segs=1)
        found.append(numbers[shapely.intersects(mask, smaller)])
    return np.concatenate(found)
