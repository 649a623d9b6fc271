"""Polygons of a vector file that select tiles."""

from __future__ import annotations

import math

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
import shapely.affinity
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from rsgpt_plugin.shared.rasters.regions import Region, contains_position, lattice, longitude_shifts, region_of

from ..data.library_errors import convert_errors
from ..errors import DataError
from .tile_polygons import ShapelyGrid, WindowGrid

_CHUNK = 4096
_LAYER = "|layername="
_POLYGONAL = ("Polygon", "Surface", "Unknown", "Collection")  # parts of GDAL's names of geometry types


def read_mask(path: str, crs: CRS, frame: ShapelyGrid, tile: int) -> BaseGeometry:
    """Return the union of a file's polygons near `frame`, in `crs`. Raises DataError if there is no polygon.

    path: FILE, or FILE|layername=NAME. tile: side of a tile in pixels.
    """
    with convert_errors(f"The mask {path} cannot be read ({{cause}}). Choose a file with polygons.", DataError):
        file, _, layer = path.partition(_LAYER)
        meta, _, encoded, _ = pyogrio.raw.read(file, layer=layer or _polygon_layer(file), columns=[])
        geometries = shapely.from_wkb(encoded)
    if not meta["crs"]:
        raise DataError(f"The mask {path} has no coordinate system. Assign one, then run again.")
    polygons = geometries[shapely.get_dimensions(geometries) == 2]
    polygons = polygons[np.isfinite(shapely.bounds(polygons)).all(axis=1)]
    if not len(polygons):
        raise DataError(f"The mask {path} has no polygon. Choose another mask, or name a layer: FILE{_LAYER}NAME.")
    message = (
        f"The mask {path} cannot be transformed to the raster's coordinate system ({{cause}}). Choose another mask."
    )
    with convert_errors(message, DataError):
        return _reprojected(shapely.make_valid(polygons), CRS(meta["crs"]), crs, frame, tile)


def chosen_tiles(mask: BaseGeometry, frame: ShapelyGrid, grid: WindowGrid) -> np.ndarray:
    """Return the numbers of the tiles that overlap the mask, without those that only share an edge with it."""
    shapely.prepare(mask)
    chunks = []
    for start in range(0, len(grid), _CHUNK):
        numbers = np.arange(start, min(start + _CHUNK, len(grid)))
        tiles = frame.polygons([grid.window(int(number)) for number in numbers])
        smaller = shapely.buffer(tiles, -1e-4 * np.sqrt(shapely.area(tiles)), quad_segs=1)
        chunks.append(numbers[shapely.intersects(mask, smaller)])
    return np.concatenate(chunks)


def _polygon_layer(file: str) -> str | None:
    """Return the only layer with polygons, or None to let GDAL choose. Raises DataError if there are several."""
    layers = pyogrio.list_layers(file)
    names = [str(name) for name, kind in layers if kind and any(word in kind for word in _POLYGONAL)]
    if len(names) > 1:
        raise DataError(f"The mask {file} has several layers ({', '.join(names)}). Name one: {file}{_LAYER}{names[0]}")
    return names[0] if names else None


def _reprojected(polygons: np.ndarray, mask_crs: CRS, crs: CRS, frame: ShapelyGrid, tile: int) -> BaseGeometry:
    """Return the polygons near the frame in `crs`. Edges are segmented first, because they do not stay straight."""
    if mask_crs != crs:
        to_raster = Transformer.from_crs(mask_crs, crs, always_xy=True)
        polygons = _near(polygons, _region(to_raster, mask_crs, frame, tile))
        polygons = shapely.make_valid(shapely.transform(polygons, to_raster.transform, interleaved=False))
        polygons = polygons[np.isfinite(shapely.bounds(polygons)).all(axis=1)]
    union = shapely.union_all(polygons)
    if not crs.is_geographic:
        return union
    return shapely.union_all([shapely.affinity.translate(union, turn) for turn in longitude_shifts(frame)])


def _region(to_raster: Transformer, mask_crs: CRS, frame: ShapelyGrid, tile: int) -> Region:
    eastings, northings = zip(*lattice(frame), strict=True)
    corners = list(zip(*to_raster.transform(eastings, northings, direction="INVERSE"), strict=True))
    poles = None
    if mask_crs.is_geographic:
        south, north = (contains_position(frame, to_raster.transform(0.0, latitude)) for latitude in (-90.0, 90.0))
        poles = (south, north)
    return region_of(frame, tile, corners, poles)


def _near(polygons: np.ndarray, region: Region) -> np.ndarray:
    if not region.boxes:
        return polygons
    boxes = shapely.union_all([shapely.box(*box) for box in region.boxes])
    near = shapely.intersection(polygons[shapely.intersects(polygons, boxes)], boxes)
    return np.asarray(shapely.segmentize(near, region.step if math.isfinite(region.step) else 0.0))
