"""Plans of rasters, and the pictures of their tiles as the plugin captures them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from rsgpt_plugin.shared.files.addresses import without_secrets
from rsgpt_plugin.shared.files.source_files import source_files
from rsgpt_plugin.shared.rasters.bands import BandChoice
from rsgpt_plugin.shared.rasters.pixels import MAX_SIDE, Pixels, as_rgb, pad_pixels, picture_sha256
from rsgpt_plugin.shared.rasters.stretch import Stretch, measure_stretch, sampling_order
from rsgpt_plugin.shared.rasters.tiles import inner_part

from ..data.library_errors import convert_errors
from ..data.network_sources import is_remote
from ..data.raster_reader import RasterReader
from ..errors import ImageError
from .ground_resolution import ProjGroundMeter
from .mask import chosen_tiles, read_mask
from .tile_polygons import ShapelyGrid, TileGrid, Window, WindowGrid

Color = tuple[int, int, int]
BLACK: Color = (0, 0, 0)
NO_STRETCH = Stretch()


@dataclass(frozen=True)
class TilingOptions:
    """size: side of a tile in pixels. overlap: in percent. bands: () for the default. mask: a vector file or ""."""

    size: int = 256
    overlap: float = 0.0
    bands: tuple[int, ...] = ()
    mask: str = ""


@dataclass(frozen=True, eq=False)
class RasterPlan:
    """Everything that determines a raster's pictures, small enough to be sent to workers.

    tiles: numbers of the tiles to describe. version: sizes and dates of the raster's files, "" for a remote raster.
    fill: color of invalid pixels and of those outside of the raster.
    """

    source: str
    version: str
    crs_wkt: str
    frame: ShapelyGrid
    grid: WindowGrid
    bands: BandChoice
    tiles: Sequence[int]
    stretch: Stretch = NO_STRETCH
    fill: Color = BLACK

    @property
    def key(self) -> str:
        """A text that is equal for equal pictures, even if a URL has a new signature."""
        source = without_secrets(self.source)
        grid = [*self.frame.geotransform, self.frame.width, self.frame.height]
        parts = [source, self.version, grid, *self.grid.parts, self.bands.describe()]
        return json.dumps([*parts, self.bands.alpha, self.stretch.limits])


@dataclass(frozen=True, eq=False)
class TilePicture:
    """The picture of a tile. rgb: uint8, H x W x 3, the plan's fill color where not valid. empty: no pixel is valid.

    gsd_m: ground meters per pixel, None if unknown.
    """

    rgb: np.ndarray
    gsd_m: float | None
    empty: bool

    @property
    def sha256(self) -> str:
        """SHA-256 of the pixels; see shared.rasters.pixels."""
        return picture_sha256(self.rgb)


class TileReader:
    """Reads the pictures of a plan's tiles. It belongs to the thread that created it."""

    def __init__(self, plan: RasterPlan) -> None:
        self.plan = plan
        with convert_errors(f"The coordinate system of {plan.source} cannot be used ({{cause}}). Assign another one."):
            self._meter = ProjGroundMeter(CRS(plan.crs_wkt))
        self._raster = RasterReader(plan.source)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._raster.__exit__()

    def picture(self, tile: int) -> TilePicture:
        """Return the picture of a tile. Raises ImageError if it cannot be read."""
        plan, window = self.plan, self.plan.grid.window(tile)
        pixels = self.pixels(window)
        valid = pixels[1]
        with convert_errors(
            "The ground resolution of a tile cannot be computed ({cause}). Check the coordinate system."
        ):
            meters = self._meter.resolution(plan.frame, window)
        gsd_m = meters and meters * max(window.width, window.height) / max(valid.shape)
        rgb = as_rgb(plan.stretch.apply(pixels))
        if plan.fill != BLACK:
            rgb[~valid] = plan.fill
        return TilePicture(rgb, gsd_m, not valid.any())

    def pixels(self, window: Window) -> Pixels:
        """Return the window's samples, reduced to at most MAX_SIDE pixels per side."""
        part = inner_part(window, self.plan.frame, MAX_SIDE)
        pixels = self._raster.read(self.plan.bands, part.window, part.size)
        return pixels if part.window == window else pad_pixels(pixels, part.shape, part.offset)


def make_plan(source: str, tiling: TilingOptions) -> RasterPlan:
    """Inspect a raster and return its plan. Raises ImageError or DataError if it cannot be used."""
    source = absolute(source)
    with convert_errors(f"{source} cannot be used ({{cause}}). Choose another raster."):
        plan = open_plan(source, tiling.bands, lambda frame, _: TileGrid(frame.whole, tiling.size, tiling.overlap))
        if tiling.mask:
            plan = masked(plan, read_mask(tiling.mask, CRS(plan.crs_wkt), plan.frame, tiling.size))
        return stretched(plan)


def absolute(source: str) -> str:
    """Return the absolute path of a file, for workers elsewhere; an address is left as it is.

    Links are not resolved, because the files of a raster are next to the link.
    """
    return str(Path(source).absolute()) if Path(source).exists() else source


def open_plan(source: str, bands: tuple[int, ...], grid: Callable[[ShapelyGrid, str], WindowGrid]) -> RasterPlan:
    """Return the plan of a raster with all windows of a grid, without a stretch yet.

    grid: returns the windows for the frame and the CRS (WKT) of the raster.
    """
    with RasterReader(source) as raster:
        stored, crs_wkt, version = raster.frame, raster.crs_wkt, _version(raster.files)
        chosen = raster.choose_bands(bands)
    frame = ShapelyGrid(stored.geotransform, stored.width, stored.height)
    windows = grid(frame, crs_wkt)
    return RasterPlan(source, version, crs_wkt, frame, windows, chosen, range(len(windows)))


def masked(plan: RasterPlan, mask: BaseGeometry) -> RasterPlan:
    """Return the plan with the windows that overlap a mask. Raises ImageError if there are none."""
    tiles: list[int] = chosen_tiles(mask, plan.frame, plan.grid).tolist()
    if not tiles:
        raise ImageError(f"The mask does not overlap {plan.source}. Check the mask's coordinate system.")
    return replace(plan, tiles=tiles)


def stretched(plan: RasterPlan) -> RasterPlan:
    """Return the plan with a stretch measured in its windows. Raises ImageError if none has a valid pixel."""
    return replace(plan, stretch=_stretch(plan))


def _stretch(plan: RasterPlan) -> Stretch:
    problems: list[str] = []  # messages, because the tracebacks of errors would keep the raster open
    with TileReader(plan) as reader:
        stretch = measure_stretch(_samples(reader, problems))
    if stretch is None and problems:
        raise ImageError(problems[0])
    if stretch is None:
        raise ImageError(f"{plan.source} has no valid pixel here. Check its no-data value, or choose another mask.")
    return stretch


def _samples(reader: TileReader, problems: list[str]) -> Iterator[Pixels]:
    plan = reader.plan
    for index in sampling_order(len(plan.tiles)):
        try:
            yield reader.pixels(plan.grid.window(plan.tiles[index]))
        except ImageError as error:
            problems.append(str(error))  # reported again when the tile is described


def _version(files: Sequence[str]) -> str:
    paths = dict.fromkeys(path for file in sorted(files) if not is_remote(file) for path in source_files(file))
    statuses = [path.stat() for path in paths]
    return " ".join(f"{status.st_size} {status.st_mtime_ns}" for status in statuses)
