"""A raster's plan, made once, and the pictures of its tiles as the plugin takes them. Knows no questions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from pyproj import CRS

from rsgpt_plugin.shared.files.addresses import without_secrets
from rsgpt_plugin.shared.files.source_files import source_files
from rsgpt_plugin.shared.rasters.bands import BandChoice
from rsgpt_plugin.shared.rasters.pixels import MAX_SIDE, Pixels, as_rgb, picture_sha256
from rsgpt_plugin.shared.rasters.stretch import Stretch, measure, spread

from ..data.library_errors import foreign_errors
from ..data.network_sources import is_remote
from ..data.raster_reader import RasterReader
from ..errors import ImageError
from .ground_resolution import ProjGroundMeter
from .mask import chosen_tiles, read_mask
from .tile_polygons import ShapelyGrid, TileGrid, Window


@dataclass(frozen=True)
class TilingOptions:
    """How rasters are cut: tile side in pixels, overlap in percent, bands () to choose, a file of polygons or ""."""

    size: int = 256
    overlap: float = 0.0
    bands: tuple[int, ...] = ()
    mask: str = ""


@dataclass(frozen=True, eq=False)
class RasterPlan:
    """All that decides a raster's pictures; small, and may travel to another machine.

    tiles: the numbers of the tiles to describe. version: sizes and dates of the raster's files, "" for a remote one.
    """

    source: str
    version: str
    crs_wkt: str
    frame: ShapelyGrid
    grid: TileGrid
    bands: BandChoice
    tiles: Sequence[int]
    stretch: Stretch

    @property
    def key(self) -> str:
        """The same text for the same pictures, also where an address was signed again."""
        source = without_secrets(self.source)
        place = [*self.frame.geotransform, self.frame.width, self.frame.height]
        parts = [source, self.version, place, self.grid.size, self.grid.overlap, self.bands.describe()]
        return json.dumps([*parts, self.bands.alpha, self.stretch.limits])


@dataclass(frozen=True, eq=False)
class TilePicture:
    """What a model is shown of a tile. rgb: uint8, H x W x 3, black where not valid. empty: no pixel is valid.

    gsd_m: ground metres per pixel, None where unknown.
    """

    rgb: np.ndarray
    gsd_m: float | None
    empty: bool

    @property
    def sha256(self) -> str:
        """Of the pixels; see shared.pixels."""
        return picture_sha256(self.rgb)


class TileReader:
    """Takes the pictures of a plan's tiles; belongs to the thread that made it."""

    def __init__(self, plan: RasterPlan) -> None:
        self.plan = plan
        with foreign_errors(f"The coordinate system of {plan.source} cannot be used ({{cause}}). Give it another one."):
            self._meter = ProjGroundMeter(CRS(plan.crs_wkt))
        self._raster = RasterReader(plan.source)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._raster.__exit__()

    def picture(self, tile: int) -> TilePicture:
        """The tile of that number. ImageError where it cannot be read."""
        plan, window = self.plan, self.plan.grid.window(tile)
        pixels = self.pixels(window)
        valid = pixels[1]
        with foreign_errors("The ground under a tile cannot be measured ({cause}). Check the coordinate system."):
            metres = self._meter.resolution(plan.frame, window)
        shrunk = metres and metres * max(window.width, window.height) / max(valid.shape)
        return TilePicture(as_rgb(plan.stretch.apply(pixels)), shrunk, not valid.any())

    def pixels(self, window: Window) -> Pixels:
        """The window's samples, shrunk to MAX_SIDE at most."""
        _, width, height = window.scaled(MAX_SIDE)
        return self._raster.read(self.plan.bands, window, (width, height))


def make_plan(source: str, cut: TilingOptions) -> RasterPlan:
    """Look at a raster and settle how it is shown. ImageError or DataError where it cannot be."""
    # For workers elsewhere. A link is not followed: what belongs to a raster lies beside the link.
    source = str(Path(source).absolute()) if Path(source).exists() else source
    with foreign_errors(f"{source} cannot be used ({{cause}}). Choose another raster."):
        with RasterReader(source) as raster:
            stored, crs_wkt, version = raster.frame, raster.crs_wkt, _version(raster.files)
            bands = raster.choose(cut.bands)
        frame = ShapelyGrid(stored.geotransform, stored.width, stored.height)
        grid = TileGrid(frame.whole, cut.size, cut.overlap)
        tiles = _tiles(source, cut, CRS(crs_wkt), frame, grid)
        plan = RasterPlan(source, version, crs_wkt, frame, grid, bands, tiles, Stretch())
        return replace(plan, stretch=_stretch(plan))


def _tiles(source: str, cut: TilingOptions, crs: CRS, frame: ShapelyGrid, grid: TileGrid) -> Sequence[int]:
    if not cut.mask:
        return range(len(grid))
    tiles: list[int] = chosen_tiles(read_mask(cut.mask, crs, frame, cut.size), frame, grid).tolist()
    if not tiles:
        raise ImageError(f"The mask does not overlap {source}. Check the mask's coordinate system.")
    return tiles


def _stretch(plan: RasterPlan) -> Stretch:
    problems: list[str] = []  # not the errors, whose frames would keep the raster open
    with TileReader(plan) as photographer:
        stretch = measure(_samples(photographer, problems))
    if stretch is None and problems:
        raise ImageError(problems[0])
    if stretch is None:
        raise ImageError(f"{plan.source} has no valid pixel here. Check its no-data value, or choose another mask.")
    return stretch


def _samples(photographer: TileReader, problems: list[str]) -> Iterator[Pixels]:
    plan = photographer.plan
    for place in spread(len(plan.tiles)):
        try:
            yield photographer.pixels(plan.grid.window(plan.tiles[place]))
        except ImageError as error:
            problems.append(str(error))  # the tile reports it when its turn comes


def _version(files: Sequence[str]) -> str:
    here = dict.fromkeys(path for file in sorted(files) if not is_remote(file) for path in source_files(file))
    statuses = [path.stat() for path in here]
    return " ".join(f"{status.st_size} {status.st_mtime_ns}" for status in statuses)
