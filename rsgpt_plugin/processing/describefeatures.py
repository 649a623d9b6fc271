"""`rsgpt:describefeatures`: one picture a feature, with a caption and answers. Knows no model server."""

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
from ..geo.imagery.capture import Capture, open_capture, overlapping
from ..geo.imagery.picture import Picture
from ..geo.imagery.tile_geometry import MAX_TILES
from ..geo.results.feature_columns import own_columns
from ..geo.transforms import checked_transform
from ..shared.i18n import translate
from ..shared.rasters.tiles import Window, square
from .algorithm_base import UNCHECKED, DescribeAlgorithm, Parameters, PreparedRun, in_sentences, is_bounded
from .output.sink import SinkShape
from .parameter_kinds import GivenValues
from .parameters import FEATURES, PLACES
from .run import CaptureTarget

# A little of the surroundings helps to tell what a thing is; a point becomes a window of LEAST_SIDE.
MARGIN = 0.1
LEAST_SIDE = 64

# A feature and its geometry in the layer's CRS, None where it has none there.
Located = tuple[QgsFeature, "QgsGeometry | None"]


class DescribeFeatures(DescribeAlgorithm):
    """Features of a vector layer to the same features with caption, answers and provenance."""

    def __init__(self) -> None:
        super().__init__()
        self._source: QgsProcessingFeatureSource | None = None

    def name(self) -> str:
        return FEATURES

    def displayName(self) -> str:
        return self.tr("Describe features")

    def shortDescription(self) -> str:
        return self.tr("Captions and answers for every feature, from the raster beneath it.")

    def shortHelpString(self) -> str:
        return (
            self.tr(
                "Shows the part of a raster around each feature to the vision-language model that the options name: "
                "the feature's bounding box, made square, with a margin of a tenth. The result keeps the features' own "
                "geometry and attributes and adds a caption, one typed column per question with its confidence, and "
                "what is needed to repeat it.\n\n"
                "Answers are remembered: a second run, or one after a stop, asks only what is new."
            )
            + self.questions_and_columns()
            + self.privacy_and_cost()
        )

    @in_sentences
    def prepareAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Collect the features' source too."""
        super().prepareAlgorithm(parameters, context, feedback)
        self._source = PLACES.source(GivenValues(self, parameters, context))
        if self._source is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, PLACES.name))
        return True

    def processed(
        self, plan: PreparedRun, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Locate, capture, ask, write."""
        source, to = self._features(), self.destination(parameters, context)
        located = self._located(source, context)
        own = own_columns(source.fields(), [feature for feature, _ in located], to.ending, self.fields().names())
        area = self._area(located)
        capture = open_capture(plan.snapshot, plan.wish, area.boundingBox(), feedback)
        windows = [_window(capture, place) for _, place in located]
        capture = capture.settled([window for window in windows if window is not None], feedback)
        if capture.note:
            feedback.pushInfo(capture.note)
        if own.renamed:
            feedback.pushInfo(self._renamed(own.renamed))
        features = [own.fitted(feature) for feature, _ in located]
        fields = QgsProcessingUtils.combineFields(own.fields, self.fields())
        shape = SinkShape(fields, source.wkbType(), source.sourceCrs(), _samples(features))
        output = self.output(parameters, context, shape, to)
        places = _places(capture, features, windows)
        counts = self.describe(output, places, len(windows), feedback)
        return self.results(output.identifier, counts, feedback)

    def _renamed(self, names: Mapping[str, str]) -> str:
        pairs = ", ".join(f"{old}: {new}" for old, new in names.items())
        return self.tr("The output's format needs other names for these columns: {names}.").format(names=pairs)

    def _area(self, located: Sequence[Located]) -> QgsGeometry:
        """The part of the raster that the features cover, as a box."""
        snapshot = self.prepared().snapshot
        box = _around([place for _, place in located if place is not None])
        if box.isEmpty() or not box.intersects(snapshot.extent):
            raise ImageryError(
                self.tr(
                    "No feature lies on the raster '{name}'. Choose others, and check both coordinate systems."
                ).format(name=snapshot.name)
            )
        return overlapping(snapshot, box)

    def _features(self) -> QgsProcessingFeatureSource:
        source = self._source
        if source is None or not source.featureCount():
            raise ImageryError(self.tr("There are no features to describe. Choose another layer or selection."))
        if source.featureCount() > MAX_TILES:
            raise ImageryError(
                self.tr("There are more than {limit} features. Select fewer of them.").format(limit=MAX_TILES)
            )
        if not source.sourceCrs().isValid():
            raise ImageryError(
                self.tr(
                    "The features have no coordinate system, so their place on the raster is unknown. Set one in "
                    "the layer's properties, then run again."
                )
            )
        return source

    def _located(self, source: QgsProcessingFeatureSource, context: QgsProcessingContext) -> list[Located]:
        snapshot = self.prepared().snapshot
        transform = checked_transform(source.sourceCrs(), snapshot.crs, context.transformContext())
        return [(feature, _moved(feature, transform)) for feature in source.getFeatures(QgsFeatureRequest(), UNCHECKED)]


def _samples(features: Sequence[QgsFeature]) -> tuple[QgsFeature, ...]:
    """The first feature of each type of geometry, which a format may refuse."""
    by_type: dict[Any, QgsFeature] = {}
    for feature in features:
        by_type.setdefault(feature.geometry().wkbType() if feature.hasGeometry() else None, feature)
    return tuple(by_type.values())


def _moved(feature: QgsFeature, transform: QgsCoordinateTransform) -> QgsGeometry | None:
    if not feature.hasGeometry():
        return None
    geometry = QgsGeometry(feature.geometry())
    try:
        geometry.transform(transform)
    except QgsCsException:
        return None
    return geometry if is_bounded(geometry) else None


def _around(places: Sequence[QgsGeometry]) -> QgsGeometry:
    """The bounding box of all places, never without area."""
    box = QgsRectangle()
    for place in places:
        box.combineExtentWith(place.boundingBox())
    if places:
        box.grow(max(box.width(), box.height()) * 1e-3 or 1e-6)
    return QgsGeometry.fromRect(box) if places else QgsGeometry()


def _window(capture: Capture, place: QgsGeometry | None) -> Window | None:
    return square(capture.frame.window(place), MARGIN, LEAST_SIDE) if place is not None else None


def _places(
    capture: Capture, features: Sequence[QgsFeature], windows: Sequence[Window | None]
) -> Iterator[CaptureTarget]:
    for feature, window in zip(features, windows):
        yield CaptureTarget(feature, partial(capture.picture, window) if window is not None else _nowhere)


def _nowhere() -> Picture:
    raise ImageryError(translate("Rsgpt", "the feature has no geometry that lies on the raster"))
