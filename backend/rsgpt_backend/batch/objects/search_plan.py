"""Plans of rasters that are searched for objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.search_grid import SearchGrid, reduction, search_grid

from ...data.library_errors import convert_errors
from ..ground_resolution import ProjGroundMeter
from ..mask import read_mask
from ..tile_pictures import Color, RasterPlan, absolute, masked, open_plan, stretched
from ..tile_polygons import ShapelyGrid


@dataclass(frozen=True)
class SearchOptions:
    """input_side, finest_gsd_m: max_side and finest_gsd_m of the finder, see model/config.py.

    bands: () for the default. mask: a vector file or "". fill: color of pixels without data.
    """

    input_side: int
    finest_gsd_m: float
    bands: tuple[int, ...] = ()
    mask: str = ""
    fill: Color = (0, 0, 0)


@dataclass(frozen=True, eq=False)
class SearchedRaster:
    """A raster to search. mask: outside of it, objects do not count; None for all of the raster.

    The mask is not part of the plan, because workers do not need it.
    """

    plan: RasterPlan
    grid: SearchGrid
    mask: BaseGeometry | None = None

    def inside_mask(self, points: Sequence[FoundPoint]) -> np.ndarray:
        """Return which points lie in the mask."""
        if self.mask is None or not points:
            return np.ones(len(points), bool)
        shapely.prepare(self.mask)
        return np.asarray(shapely.intersects(self.mask, self.plan.frame.points([(one.x, one.y) for one in points])))

    @property
    def area(self) -> BaseGeometry:
        """The searched part, in the raster's CRS."""
        (whole,) = self.plan.frame.polygons([self.plan.frame.whole])
        return whole if self.mask is None else shapely.intersection(whole, self.mask)


def make_search(source: str, options: SearchOptions) -> SearchedRaster:
    """Inspect a raster and return its windows. Raises ImageError or DataError if it cannot be used."""
    source = absolute(source)
    with convert_errors(f"{source} cannot be used ({{cause}}). Choose another raster."):
        plan = open_plan(source, options.bands, lambda frame, crs_wkt: _grid(frame, crs_wkt, options))
        plan = stretched(replace(plan, fill=options.fill))  # before masking, so that a mask does not change pictures
        grid, mask = _grid(plan.frame, plan.crs_wkt, options), None
        if options.mask:
            mask = read_mask(options.mask, CRS(plan.crs_wkt), plan.frame, grid.window(0).width)
            plan = masked(plan, mask)
        return SearchedRaster(plan, grid, mask)


def _grid(frame: ShapelyGrid, crs_wkt: str, options: SearchOptions) -> SearchGrid:
    gsd_m = ProjGroundMeter(CRS(crs_wkt)).resolution(frame, frame.whole)
    return search_grid(frame, options.input_side, reduction(gsd_m, options.finest_gsd_m))
