"""`rsgpt:describefeatures`: one picture per feature, with a caption and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from qgis.core import (
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingUtils,
    QgsRectangle,
)

from ..errors import ImageryError
from ..geo.imagery.capture import Capture, area_on_layer, open_capture
from ..geo.imagery.mask_polygons import UNCHECKED
from ..geo.imagery.picture import Picture
from ..geo.imagery.tile_geometry import MAX_TILES
from ..geo.results.feature_columns import own_columns
from ..geo.transforms import checked_transform, is_bounded
from ..shared.i18n import translate
from ..shared.rasters.tiles import Window, square
from .algorithm_base import DescribeAlgorithm, Parameters, PreparedRun, report_errors, spread
from .output.destination import SinkShape
from .parameter_kinds import GivenValues
from .parameters import FEATURES, PLACES
from .run import CaptureTarget

# Some surroundings help the model to recognize an object. The picture of a point has MIN_SIDE pixels per side.
MARGIN = 0.1
MIN_SIDE = 64

# A feature and its geometry in the raster's CRS, None if it cannot be transformed.
Located = tuple[QgsFeature, "QgsGeometry | None"]


class DescribeFeatures(DescribeAlgorithm):
    """Adds a caption, answers and provenance to the features of a vector layer."""

    def __init__(self) -> None:
        super().__init__()
        self._source: QgsProcessingFeatureSource | None = None

    def name(self) -> str:
        return FEATURES

    def displayName(self) -> str:
        return self.tr("Describe features")

    def shortDescription(self) -> str:
        return self.tr("Writes a caption and answers for each feature, based on the raster at its location.")

    def shortHelpString(self) -> str:
        return (
            self.tr(
                "This algorithm shows the part of a raster around each feature to the vision-language model that is "
                "selected in the options. The picture of a feature is its bounding box, extended to a square, with a "
                "margin of 10%. The output layer keeps the geometries and attributes of the features. It adds a "
                "caption, one typed column per question with its confidence, and the details needed to repeat the "
                "run.\n\n"
                "Answers are cached. If you repeat a run or resume a stopped run, only new pictures and questions are "
                "sent to the model."
            )
            + self.questions_and_columns()
            + self.privacy_and_cost()
        )

    @report_errors
    def prepareAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        super().prepareAlgorithm(parameters, context, feedback)
        self._source = PLACES.source(GivenValues(self, parameters, context))
        if self._source is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, PLACES.name))
        return True

    def processed(
        self, plan: PreparedRun, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        source, to = self._features(), self.destination(parameters, context)
        located = self._located(source, context)
        own = own_columns(source.fields(), [feature for feature, _ in located], to.ending, self.fields().names())
        capture, windows = self._captured(located, feedback)
        if capture.note:
            feedback.pushInfo(capture.note)
        if own.renamed:
            feedback.pushInfo(self._renamed(own.renamed))
        features = [own.fitted(feature) for feature, _ in located]
        fields = QgsProcessingUtils.combineFields(own.fields, self.fields())
        shape = SinkShape(fields, source.wkbType(), source.sourceCrs(), _samples(features))
        output = self.output(parameters, context, shape, to)
        places = _places(capture, features, windows)
        counts = self.ask(output, places, len(windows), feedback)
        return self.results(output.identifier, counts, feedback)

    def sampled(self, most: int, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> list[CaptureTarget]:
        located = self._located(self._features(), context)
        capture, windows = self._captured(located, feedback)
        chosen = spread([window for window in windows if window is not None], most)
        return list(_places(capture, [QgsFeature() for _ in chosen], chosen))

    def _captured(
        self, located: Sequence[Located], feedback: QgsProcessingFeedback
    ) -> tuple[Capture, list[Window | None]]:
        """Return how the features are captured, with the stretch of the whole run, and their windows."""
        plan, area = self.prepared(), self._area(located)
        capture = open_capture(plan.snapshot, plan.capture, area.boundingBox(), feedback)
        windows = [_window(capture, geometry) for _, geometry in located]
        return capture.settled([window for window in windows if window is not None], feedback), windows

    def _renamed(self, names: Mapping[str, str]) -> str:
        pairs = ", ".join(f"{old}: {new}" for old, new in names.items())
        return self.tr("The output format requires other names for these columns: {names}.").format(names=pairs)

    def _area(self, located: Sequence[Located]) -> QgsGeometry:
        """Return the part of the raster in the features' bounding box. Raises ImageryError if there is none."""
        snapshot = self.prepared().snapshot
        box = _around([geometry for _, geometry in located if geometry is not None])
        if box.isEmpty() or not box.intersects(snapshot.extent):
            raise ImageryError(
                self.tr(
                    "No feature lies on the raster '{name}'. Choose other features and check both coordinate systems."
                ).format(name=snapshot.name)
            )
        return area_on_layer(snapshot, box)

    def _features(self) -> QgsProcessingFeatureSource:
        source = self._source
        if source is None or not source.featureCount():
            raise ImageryError(self.tr("There are no features to describe. Choose another layer or selection."))
        if source.featureCount() > MAX_TILES:
            raise ImageryError(
                self.tr("There are more than {limit} features. Select fewer features.").format(limit=MAX_TILES)
            )
        if not source.sourceCrs().isValid():
            raise ImageryError(
                self.tr(
                    "The features have no coordinate system, so their location on the raster is unknown. Set one in "
                    "the layer properties and run again."
                )
            )
        return source

    def _located(self, source: QgsProcessingFeatureSource, context: QgsProcessingContext) -> list[Located]:
        snapshot = self.prepared().snapshot
        transform = checked_transform(source.sourceCrs(), snapshot.crs, context.transformContext())
        return [
            (feature, _transformed(feature, transform))
            for feature in source.getFeatures(QgsFeatureRequest(), UNCHECKED)
        ]


def _samples(features: Sequence[QgsFeature]) -> tuple[QgsFeature, ...]:
    """Return the first feature of each geometry type, because a format may not support all types."""
    by_type: dict[Any, QgsFeature] = {}
    for feature in features:
        by_type.setdefault(feature.geometry().wkbType() if feature.hasGeometry() else None, feature)
    return tuple(by_type.values())


def _transformed(feature: QgsFeature, transform: QgsCoordinateTransform) -> QgsGeometry | None:
    if not feature.hasGeometry():
        return None
    geometry = QgsGeometry(feature.geometry())
    try:
        geometry.transform(transform)
    except QgsCsException:
        return None
    return geometry if is_bounded(geometry) else None


def _around(geometries: Sequence[QgsGeometry]) -> QgsGeometry:
    """Return the bounding box of all geometries, slightly enlarged so that it has an area."""
    box = QgsRectangle()
    for geometry in geometries:
        box.combineExtentWith(geometry.boundingBox())
    if geometries:
        box.grow(max(box.width(), box.height()) * 1e-3 or 1e-6)
    return QgsGeometry.fromRect(box) if geometries else QgsGeometry()


def _window(capture: Capture, geometry: QgsGeometry | None) -> Window | None:
    return square(capture.frame.window(geometry), MARGIN, MIN_SIDE) if geometry is not None else None


def _places(
    capture: Capture, features: Sequence[QgsFeature], windows: Sequence[Window | None]
) -> Iterator[CaptureTarget]:
    for feature, window in zip(features, windows):
        yield CaptureTarget(feature, partial(capture.picture, window) if window is not None else _nowhere)


def _nowhere() -> Picture:
    raise ImageryError(translate("Rsgpt", "the feature has no geometry that lies on the raster"))
