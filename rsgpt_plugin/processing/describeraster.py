"""`rsgpt:describeraster`: a caption and answers for each tile of a raster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from qgis.core import Qgis, QgsFeature, QgsGeometry, QgsProcessingContext, QgsProcessingFeedback

from ..geo.imagery.capture import Capture, open_capture
from ..geo.imagery.mask_polygons import PreparedArea
from ..geo.imagery.tile_geometry import checked_grid
from ..shared.rasters.tiles import TileGrid, Window
from .algorithm_base import DescribeAlgorithm, Parameters, PreparedRun, report_errors, spread
from .output.destination import SinkShape
from .parameter_kinds import GivenValues
from .parameters import MASK, OVERLAP, TILE_SIZE, TILES
from .raster_area import RasterArea, read_area
from .run import CaptureTarget


class DescribeRaster(DescribeAlgorithm):
    """Writes one polygon per tile of a raster, with a caption, answers and provenance."""

    _area: RasterArea  # set by prepareAlgorithm

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
        self._area = read_area(GivenValues(self, parameters, context), MASK, self.prepared().snapshot)
        return True

    def processed(
        self, plan: PreparedRun, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        to = self.destination(parameters, context)
        capture, windows = self._captured(plan, feedback)
        if capture.note:
            feedback.pushInfo(capture.note)
        samples = tuple(place.feature for place in _places(capture, windows[:1]))
        shape = SinkShape(self.fields(), Qgis.WkbType.Polygon, plan.snapshot.crs, samples)
        output = self.output(parameters, context, shape, to)
        counts = self.ask(output, _places(capture, windows), len(windows), feedback)
        return self.results(output.identifier, counts, feedback)

    def sampled(self, most: int, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> list[CaptureTarget]:
        capture, windows = self._captured(self.prepared(), feedback)
        return list(_places(capture, spread(windows, most)))

    def _captured(self, plan: PreparedRun, feedback: QgsProcessingFeedback) -> tuple[Capture, list[Window]]:
        """Return how the tiles are captured, with the stretch of the whole run, and all tiles."""
        area = self._area.on_layer()
        capture = open_capture(plan.snapshot, plan.capture, area.boundingBox(), feedback)
        windows = self._windows(capture, area)
        return capture.settled(windows, feedback), windows

    def _windows(self, capture: Capture, area: QgsGeometry) -> list[Window]:
        settings, frame = self.prepared().settings, capture.frame
        region = frame.whole if self._area.extent is None else frame.window(area).clipped(frame)
        size = int(settings[TILE_SIZE])
        grid = checked_grid(TileGrid(region, size, settings[OVERLAP]))
        masked = PreparedArea(self._area.masked(area, frame, size), frame)
        return [window for window in grid.windows() if masked.overlaps(window)]


def _places(capture: Capture, windows: Sequence[Window]) -> Iterator[CaptureTarget]:
    for window in windows:
        feature = QgsFeature()
        feature.setGeometry(capture.frame.polygon(window))
        yield CaptureTarget(feature, partial(capture.picture, window))
