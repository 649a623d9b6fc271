"""`rsgpt:describeraster`: a raster cut into tiles, each with a caption and answers. Knows no model server."""

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
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
)

from ..core.cache import AnswerCache
from ..core.paths import cache_file
from ..errors import ImageryError
from ..geo.capture import Capture, open_capture, overlapping
from ..geo.grid import TileGrid, Window
from .base import DescribeAlgorithm, Parameters, SinkShape, in_sentences
from .run import Place, Run


class DescribeRaster(DescribeAlgorithm):
    """Tiles of a raster to polygons with caption, answers and provenance."""

    def __init__(self) -> None:
        super().__init__()
        self._extent: QgsGeometry | None = None
        self._mask: QgsProcessingFeatureSource | None = None

    def name(self) -> str:
        return "describeraster"

    def displayName(self) -> str:
        return self.tr("Describe raster")

    def shortDescription(self) -> str:
        return self.tr("Captions and answers for every tile of a raster, as polygons.")

    def shortHelpString(self) -> str:
        return self.tr(
            "Cuts a raster into square tiles, shows each to a vision-language model on this machine, and writes "
            "one polygon a tile: a caption, one typed column a question with its confidence, and what is needed "
            "to repeat it.\n\n"
            "Questions: one a line, optionally with the column's name and type before it: "
            "cars[integer]: How many cars are there?  Types: text, yesno, integer, choice(a|b|c).\n\n"
            "Answers are remembered: a second run, or one after a stop, asks only what is new. Tiles that lie "
            "outside the mask are left out; tiles without valid pixels are rows with the status 'skipped'."
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Declare parameters and outputs."""
        self.add_input()
        self.addParameter(
            QgsProcessingParameterExtent("EXTENT", self.tr("Extent (all of the layer if left out)"), optional=True)
        )
        self.addParameter(
            QgsProcessingParameterFeatureSource(
                "MASK",
                self.tr("Mask: only tiles that overlap these polygons"),
                [QgsProcessing.SourceType.TypeVectorPolygon],
                optional=True,
            )
        )
        self._add_number("TILE_SIZE", self.tr("Tile size (pixels)"), 256, (16, 1024))
        self._add_number("OVERLAP", self.tr("Overlap (percent)"), 0, (0, 90))
        self.add_shared(self.tr("Described tiles"))

    @in_sentences
    def prepareAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Collect the extent and the mask too."""
        super().prepareAlgorithm(parameters, context, feedback)
        crs = self.prepared().snapshot.crs
        if parameters.get("EXTENT"):
            self._extent = self.parameterAsExtentGeometry(parameters, "EXTENT", context, crs)
        self._mask = self.parameterAsSource(parameters, "MASK", context) if parameters.get("MASK") else None
        return True

    @in_sentences
    def processAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Cut, capture, ask, write."""
        plan = self.prepared()
        area = overlapping(plan.snapshot, self._extent)
        capture = open_capture(plan.snapshot, plan.wish, area.boundingBox(), feedback)
        windows = self._windows(capture, area, parameters, context)
        capture = capture.settled(windows, feedback)
        if capture.note:
            feedback.pushInfo(capture.note)
        shape = SinkShape(self.fields(), Qgis.WkbType.Polygon, plan.snapshot.crs)
        sink, identifier = self.open_sink(parameters, context, shape)
        with AnswerCache(cache_file()) as cache:
            counts = Run(plan.asking, cache, sink, feedback).describe(_places(capture, windows), len(windows))
        del sink
        return self.results(identifier, counts, feedback)

    def _windows(
        self, capture: Capture, area: QgsGeometry, parameters: Parameters, context: QgsProcessingContext
    ) -> list[Window]:
        grid = TileGrid(
            capture.frame.window(area).clipped(capture.frame),
            self.parameterAsInt(parameters, "TILE_SIZE", context),
            self.parameterAsDouble(parameters, "OVERLAP", context),
        ).checked()
        wanted = self._masked(area, context)
        engine = QgsGeometry.createGeometryEngine(wanted.constGet())
        engine.prepareGeometry()
        return [window for window in grid.windows() if _lies_in(engine, capture.frame.polygon(window))]

    def _masked(self, area: QgsGeometry, context: QgsProcessingContext) -> QgsGeometry:
        """The part of the area under the mask. It chooses tiles and does not move them: a changed mask re-asks none."""
        if self._mask is None:
            return area
        request = QgsFeatureRequest().setNoAttributes()
        request.setDestinationCrs(self.prepared().snapshot.crs, context.transformContext())
        polygons = [feature.geometry() for feature in self._mask.getFeatures(request) if feature.hasGeometry()]
        masked = area.intersection(QgsGeometry.unaryUnion(polygons).makeValid())
        if masked.isEmpty() or masked.area() <= 0:
            raise ImageryError(
                self.tr("The mask's polygons do not overlap the area. Check the mask's coordinate system.")
            )
        return masked

    def _add_number(self, name: str, label: str, default: int, limits: tuple[int, int]) -> None:
        whole = QgsProcessingParameterNumber.Type.Integer
        self.addParameter(
            QgsProcessingParameterNumber(name, label, whole, default, minValue=limits[0], maxValue=limits[1])
        )


def _lies_in(engine: QgsGeometryEngine, polygon: QgsGeometry) -> bool:
    """Whether the polygon, made smaller by a hair, meets the area: to share an edge with it is not enough."""
    # The name keeps the geometry alive: constGet() lends its inside.
    smaller = polygon.buffer(-1e-4 * math.sqrt(polygon.area()), 1)
    return bool(engine.intersects(smaller.constGet()))


def _places(capture: Capture, windows: Sequence[Window]) -> Iterator[Place]:
    for window in windows:
        feature = QgsFeature()
        feature.setGeometry(capture.frame.polygon(window))
        yield Place(feature, partial(capture.picture, window))
