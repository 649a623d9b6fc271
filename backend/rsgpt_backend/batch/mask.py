"""Polygons that choose tiles, from any vector file. It moves no tile and reads no pixel."""

from __future__ import annotations

import math

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
import shapely.affinity
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from rsgpt_plugin.shared.rasters.regions import Region, holds, lattice, region_of, turns

from ..data.library_errors import foreign_errors
from ..errors import DataError
from .tile_polygons import ShapelyGrid, TileGrid

_AT_ONCE = 4096
_NAME = "|layername="
_POLYGONAL = ("Polygon", "Surface", "Unknown", "Collection")  # in GDAL's names of types of geometry


def read_mask(path: str, crs: CRS, frame: ShapelyGrid, tile: int) -> BaseGeometry:
    """The union of a file's polygons near a frame of `crs` that is cut into tiles of `tile` pixels, in `crs`.

    path: FILE, or FILE|layername=NAME. DataError where there is no polygon.
    """
    with foreign_errors(f"The mask {path} cannot be read ({{cause}}). Give a file of polygons.", DataError):
        file, _, layer = path.partition(_NAME)
        meta, _, encoded, _ = pyogrio.raw.read(file, layer=layer or _polygon_layer(file), columns=[])
        geometries = shapely.from_wkb(encoded)
    if not meta["crs"]:
        raise DataError(f"The mask {path} has no coordinate system. Give it one, then run again.")
    polygons = geometries[shapely.get_dimensions(geometries) == 2]
    polygons = polygons[np.isfinite(shapely.bounds(polygons)).all(axis=1)]
    if not len(polygons):
        raise DataError(f"The mask {path} has no polygon. Choose another mask, or name a layer: FILE{_NAME}NAME.")
    sentence = f"The mask {path} cannot be brought to the raster's coordinate system ({{cause}}). Choose another mask."
    with foreign_errors(sentence, DataError):
        return _moved(shapely.make_valid(polygons), CRS(meta["crs"]), crs, frame, tile)


def chosen_tiles(mask: BaseGeometry, frame: ShapelyGrid, grid: TileGrid) -> np.ndarray:
    """The numbers of the tiles that overlap the mask; to share an edge with it is not enough."""
    shapely.prepare(mask)
    found = []
    for start in range(0, len(grid), _AT_ONCE):
        numbers = np.arange(start, min(start + _AT_ONCE, len(grid)))
        tiles = frame.polygons([grid.window(int(number)) for number in numbers])
        smaller = shapely.buffer(tiles, -1e-4 * np.sqrt(shapely.area(tiles)), quad_segs=1)
        found.append(numbers[shapely.intersects(mask, smaller)])
    return np.concatenate(found)


def _polygon_layer(file: str) -> str | None:
    """The file's only layer that may hold polygons; None leaves the choice to GDAL. DataError for several."""
    layers = pyogrio.list_layers(file)
    names = [str(name) for name, kind in layers if kind and any(word in kind for word in _POLYGONAL)]
    if len(names) > 1:
        raise DataError(f"The mask {file} has several layers ({', '.join(names)}). Name one: {file}{_NAME}{names[0]}")
    return names[0] if names else None


def _moved(polygons: np.ndarray, theirs: CRS, crs: CRS, frame: ShapelyGrid, tile: int) -> BaseGeometry:
    """The polygons near the frame in its CRS: cut and segmentised first, as straight lines do not stay straight."""
    if theirs != crs:
        to_raster = Transformer.from_crs(theirs, crs, always_xy=True)
        polygons = _near(polygons, _region(to_raster, theirs, frame, tile))
        polygons = shapely.make_valid(shapely.transform(polygons, to_raster.transform, interleaved=False))
        polygons = polygons[np.isfinite(shapely.bounds(polygons)).all(axis=1)]
    whole = shapely.union_all(polygons)
    if not crs.is_geographic:
        return whole
    return shapely.union_all([shapely.affinity.translate(whole, turn) for turn in turns(frame)])


def _region(to_raster: Transformer, theirs: CRS, frame: ShapelyGrid, tile: int) -> Region:
    eastings, northings = zip(*lattice(frame), strict=True)
    moved = list(zip(*to_raster.transform(eastings, northings, direction="INVERSE"), strict=True))
    poles = None
    if theirs.is_geographic:
        south, north = (holds(frame, to_raster.transform(0.0, latitude)) for latitude in (-90.0, 90.0))
        poles = (south, north)
    return region_of(frame, tile, moved, poles)


def _near(polygons: np.ndarray, region: Region) -> np.ndarray:
    if not region.boxes:
        return polygons
    boxes = shapely.union_all([shapely.box(*box) for box in region.boxes])
    near = shapely.intersection(polygons[shapely.intersects(polygons, boxes)], boxes)
    return np.asarray(shapely.segmentize(near, region.step if math.isfinite(region.step) else 0.0))
