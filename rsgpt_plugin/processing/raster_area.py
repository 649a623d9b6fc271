"""The part of a raster that a run covers: an extent and a mask."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsGeometry,
    QgsProcessingFeatureSource,
)

from ..geo.imagery.capture import area_on_layer
from ..geo.imagery.layer_snapshot import LayerSnapshot
from ..geo.imagery.mask_polygons import Ground, masked_area
from ..geo.imagery.tile_geometry import QgisGrid
from ..geo.transforms import checked_transform
from .parameter_kinds import FeaturesParameter, GivenValues
from .parameters import EXTENT


@dataclass(frozen=True, eq=False)
class RasterArea:
    """The values of EXTENT, in the raster's CRS and None if not set, and of a mask parameter."""

    snapshot: LayerSnapshot
    context: QgsCoordinateTransformContext
    extent: QgsGeometry | None
    extent_crs: QgsCoordinateReferenceSystem
    mask: QgsProcessingFeatureSource | None

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the raster."""
        return self.extent is None and self.mask is None

    def on_layer(self) -> QgsGeometry:
        """Return the part of the extent that the raster covers. Raises ImageryError if there is none."""
        checked_transform(self.extent_crs, self.snapshot.crs, self.context)
        return area_on_layer(self.snapshot, self.extent)

    def masked(self, area: QgsGeometry, frame: QgisGrid, side: int) -> QgsGeometry:
        """Return the part of the area under the mask, which selects pictures but does not move their grid.

        side: of the pictures, in pixels. Cached answers stay valid for another mask, unless pixels are stretched by the
        values of the selected pictures. Raises ImageryError if the mask cannot be used.
        """
        return masked_area(area, self.mask, Ground(frame, side, self.snapshot.crs, self.context))


def read_area(values: GivenValues, mask: FeaturesParameter, snapshot: LayerSnapshot) -> RasterArea:
    """Read the area of a run. Call this on the main thread."""
    extent, extent_crs = EXTENT.geometry(values, snapshot.crs), EXTENT.crs(values)
    return RasterArea(snapshot, values.context.transformContext(), extent, extent_crs, mask.source(values))
