"""`rsgpt:describeraster`: a caption and answers for each tile of a raster."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from qgis.core import (
    Qgis,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsGeometryEngine,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
)

from ..errors import ImageryError
from ..geo.imagery.capture import Capture, area_on_layer, open_capture
from ..geo.imagery.mask_polygons import Ground
from ..geo.imagery.tile_geometry import checked_grid
from ..geo.transforms import checked_transform
from ..shared.rasters.tiles import TileGrid, Window
from .algorithm_base import (
    UNCHECKED,
    DescribeAlgorithm,
    Parameters,
    PreparedRun,
    is_bounded,
    report_errors,
    spread,
)
from .output.destination import SinkShape
from .parameter_kinds import GivenValues
from .parameters import EXTENT, MASK, OVERLAP, TILE_SIZE, TILES
from .run import CaptureTarget


class DescribeRaster(DescribeAlgorithm):
    """Writes one polygon per tile of a raster, with a caption, answers and provenance."""

    def __init__(self) -> None:
        super().__init__()
        self._extent: QgsGeometry | None = None
        self._mask: QgsProcessingFeatureSource | None = None

    def name(self) -> str:
        return TILES

    def displayName(self) -> str:
        return self.tr("Describe raster")

    def shortDescription(self) -> str:
        return self.tr("Writes a caption and answers for each tile of a raster, as polygons.")

    def shortHelpString(self) -> str:
        return (
            self.tr(
                "This algorithm splits a raster into square tiles and shows each tile to the vision-language model "
                "that is selected in the options. It writes one polygon per tile, with a caption, one typed column per "
                "question with its confidence, and the details needed to repeat the run.\n\n"
                "Answers are cached. If you repeat a run or resume a stopped run, only new pictures and questions are "
                "sent to the model. Tiles outside the mask are left out. Tiles without valid pixels get the status "
                "'skipped'."
            )
            + self.questions_and_columns()
            + self.privacy_and_cost()
        )

    @report_errors
    def prepareAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        super().prepareAlgorithm(parameters, context, feedback)
        values = GivenValues(self, parameters, context)
        self._extent = EXTENT.geometry(values, self.prepared().snapshot.crs)
        self._extent_crs = EXTENT.crs(values)
        self._mask = MASK.source(values)
        return True

    def processed(
        self, plan: PreparedRun, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        to = self.destination(parameters, context)
        capture, windows = self._captured(plan, context, feedback)
        if capture.note:
            feedback.pushInfo(capture.note)
        samples = tuple(place.feature for place in _places(capture, windows[:1]))
        shape = SinkShape(self.fields(), Qgis.WkbType.Polygon, plan.snapshot.crs, samples)
        output = self.output(parameters, context, shape, to)
        counts = self.describe(output, _places(capture, windows), len(windows), feedback)
        return self.results(output.identifier, counts, feedback)

    def sampled(self, most: int, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> list[CaptureTarget]:
        capture, windows = self._captured(self.prepared(), context, feedback)
        return list(_places(capture, spread(windows, most)))

    def _captured(
        self, plan: PreparedRun, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> tuple[Capture, list[Window]]:
        """Return how the tiles are captured, with the stretch of the whole run, and all tiles."""
        checked_transform(self._extent_crs, plan.snapshot.crs, context.transformContext())
        area = area_on_layer(plan.snapshot, self._extent)
        capture = open_capture(plan.snapshot, plan.capture, area.boundingBox(), feedback)
        windows = self._windows(capture, area, context)
        return capture.settled(windows, feedback), windows

    def _windows(self, capture: Capture, area: QgsGeometry, context: QgsProcessingContext) -> list[Window]:
        settings = self.prepared().settings
        region = capture.frame.whole if self._extent is None else capture.frame.window(area).clipped(capture.frame)
        size = int(settings[TILE_SIZE])
        grid = checked_grid(TileGrid(region, size, settings[OVERLAP]))
        ground = Ground(capture.frame, size, self.prepared().snapshot.crs, context.transformContext())
        masked = self._masked(area, ground)
        engine = QgsGeometry.createGeometryEngine(masked.constGet())
        engine.prepareGeometry()
        return [window for window in grid.windows() if _lies_in(engine, capture.frame.polygon(window))]

    def _masked(self, area: QgsGeometry, ground: Ground) -> QgsGeometry:
        """Return the part of the area under the mask, which selects tiles but does not move the tile grid.

        Cached answers stay valid for another mask, unless pixels are stretched by the values of the selected tiles.
        """
        if self._mask is None:
            return area
        if not self._mask.sourceCrs().isValid():
            raise ImageryError(self.tr("The mask has no coordinate system. Set one in the layer properties."))
        features = self._mask.getFeatures(QgsFeatureRequest().setNoAttributes(), UNCHECKED)
        polygons = [feature.geometry() for feature in features if _is_area(feature.geometry())]
        if not polygons:
            raise ImageryError(self.tr("The mask has no polygon with a valid location. Choose another mask."))
        masked = area.intersection(ground.mask(polygons, self._mask.sourceCrs()))
        if masked.isEmpty() or masked.area() <= 0:
            raise ImageryError(
                self.tr("The polygons of the mask do not overlap the area. Check the coordinate system of the mask.")
            )
        return masked


def _is_area(geometry: QgsGeometry) -> bool:
    return bool(is_bounded(geometry) and geometry.type() == Qgis.GeometryType.Polygon)


def _lies_in(engine: QgsGeometryEngine, polygon: QgsGeometry) -> bool:
    """Return whether the polygon overlaps the area; it is shrunk slightly because sharing an edge is not enough."""
    # The variable keeps the geometry alive while the engine uses constGet().
    smaller = polygon.buffer(-1e-4 * math.sqrt(polygon.area()), 1)
    return bool(engine.intersects(smaller.constGet()))


def _places(capture: Capture, windows: Sequence[Window]) -> Iterator[CaptureTarget]:
    for window in windows:
        feature = QgsFeature()
        feature.setGeometry(capture.frame.polygon(window))
        yield CaptureTarget(feature, partial(capture.picture, window))
