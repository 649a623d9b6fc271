"""Kinds of parameters: how a parameter of each is declared to QGIS and read. Knows no parameter of the algorithms."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Optional, TypeVar

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingFeatureSource,
    QgsProcessingParameterBand,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsRasterLayer,
)

from ..shared.i18n import marked, translate

Value = TypeVar("Value")


@dataclass(frozen=True)
class GivenValues:
    """The values that an algorithm was started with."""

    algorithm: QgsProcessingAlgorithm
    parameters: Mapping[str, Any]
    context: QgsProcessingContext

    def arguments(self, name: str) -> tuple[Any, str, QgsProcessingContext]:
        """What QGIS's parameterAs… functions take."""
        return dict(self.parameters), name, self.context


@dataclass(frozen=True)
class Parameter(ABC):
    """One parameter as QGIS shows it.

    label: marked for translation. only: the algorithm that alone has it, "" for both. is_repeated: whether asking the
    rows of a run again takes its value along, which holds unless asking again sets the parameter itself.
    """

    name: str
    label: str
    only: str = ""
    is_advanced: bool = False
    is_repeated: bool = True

    def declared(self) -> QgsProcessingParameterDefinition:
        """Return the definition for an algorithm."""
        definition = self._definition(marked(self.label))
        if self.is_advanced:
            advanced = QgsProcessingParameterDefinition.Flag.FlagAdvanced
            definition.setFlags(definition.flags() | advanced)
        return definition

    @abstractmethod
    def _definition(self, label: str) -> QgsProcessingParameterDefinition: ...


@dataclass(frozen=True)
class Setting(Parameter, Generic[Value]):
    """A parameter whose value is no layer and no area.

    preference: the field of Preferences that holds the user's own value for questions asked on the map, "" for none.
    """

    preference: str = ""

    @abstractmethod
    def value(self, given: GivenValues) -> Value:
        """Return what was given, or the default."""

    def problem(self, given: GivenValues) -> str:
        """Return a sentence where QGIS's own check would only say that the value is wrong."""
        return ""


@dataclass(frozen=True)
class BooleanParameter(Setting[bool]):
    """Yes or no."""

    default: bool = False

    def value(self, given: GivenValues) -> bool:
        return bool(given.algorithm.parameterAsBool(*given.arguments(self.name)))

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterBoolean(self.name, label, defaultValue=self.default)


@dataclass(frozen=True)
class TextParameter(Setting[str]):
    """Text, which may be left out."""

    has_lines: bool = False

    def value(self, given: GivenValues) -> str:
        text = str(given.algorithm.parameterAsString(*given.arguments(self.name)))
        return text if self.has_lines else text.strip()

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterString(self.name, label, multiLine=self.has_lines, optional=True)


@dataclass(frozen=True)
class NumberParameter(Setting[float]):
    """A number from `least` to `most`. default: None for one that may be left out, which then is 0."""

    default: Optional[float] = None
    least: float = 0.0
    most: float = math.inf
    is_whole: bool = False

    def value(self, given: GivenValues) -> float:
        if self._is_left_out(given):
            return 0.0
        return float(given.algorithm.parameterAsDouble(*given.arguments(self.name)))

    def problem(self, given: GivenValues) -> str:
        if self._is_left_out(given) or self.least <= self.value(given) <= self.most:
            return ""
        if math.isinf(self.most):
            sentence = translate("Rsgpt", "{name} is out of range. Give {least} or more.")
        else:
            sentence = translate("Rsgpt", "{name} is out of range. Give a number from {least} to {most}.")
        return sentence.format(name=self.name, least=f"{self.least:g}", most=f"{self.most:g}")

    def _is_left_out(self, given: GivenValues) -> bool:
        return self.default is None and given.parameters.get(self.name) is None

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        kinds = QgsProcessingParameterNumber.Type
        limits = {"minValue": self.least, **({} if math.isinf(self.most) else {"maxValue": self.most})}
        kind, is_optional = kinds.Integer if self.is_whole else kinds.Double, self.default is None
        return QgsProcessingParameterNumber(self.name, label, kind, self.default, is_optional, **limits)


@dataclass(frozen=True)
class ChoiceParameter(Setting[str]):
    """One of several words. choices: the label of each word; the first is the default."""

    choices: Mapping[str, str] = field(default_factory=dict)

    def value(self, given: GivenValues) -> str:
        words = list(self.choices)
        parameters, name, context = given.arguments(self.name)
        number = given.algorithm.parameterAsEnum(self.numbered(parameters), name, context)
        return words[number] if 0 <= number < len(words) else words[0]

    def numbered(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters with a number for the word: QGIS takes no word where the labels are translated."""
        words = list(self.choices)
        given = parameters.get(self.name)
        if not isinstance(given, str) or given not in words:
            return dict(parameters)
        return {**parameters, self.name: words.index(given)}

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        options = [marked(label) for label in self.choices.values()]
        return QgsProcessingParameterEnum(self.name, label, options=options, defaultValue=0)


@dataclass(frozen=True)
class BandsParameter(Setting[tuple[int, ...]]):
    """Band numbers of a raster, () if left out. raster: the parameter with the raster."""

    raster: str = "INPUT"

    def value(self, given: GivenValues) -> tuple[int, ...]:
        return tuple(given.algorithm.parameterAsInts(*given.arguments(self.name)))

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterBand(
            self.name, label, parentLayerParameterName=self.raster, optional=True, allowMultiple=True
        )


@dataclass(frozen=True)
class RasterParameter(Parameter):
    """A raster layer."""

    def layer(self, given: GivenValues) -> Optional[QgsRasterLayer]:
        """Return the layer, or None where it cannot be opened."""
        return given.algorithm.parameterAsRasterLayer(*given.arguments(self.name))

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterRasterLayer(self.name, label)


@dataclass(frozen=True)
class ExtentParameter(Parameter):
    """A rectangle on the map, which may be left out."""

    def crs(self, given: GivenValues) -> QgsCoordinateReferenceSystem:
        """Return the CRS that the rectangle was given in; an invalid one if it was left out."""
        if not given.parameters.get(self.name):
            return QgsCoordinateReferenceSystem()
        return given.algorithm.parameterAsExtentCrs(*given.arguments(self.name))

    def geometry(self, given: GivenValues, crs: QgsCoordinateReferenceSystem) -> Optional[QgsGeometry]:
        """Return the area in `crs`, None if left out."""
        if not given.parameters.get(self.name):
            return None
        return given.algorithm.parameterAsExtentGeometry(*given.arguments(self.name), crs)

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterExtent(self.name, label, optional=True)


@dataclass(frozen=True)
class FeaturesParameter(Parameter):
    """The features of a vector layer."""

    has_polygons: bool = False
    is_optional: bool = False

    def source(self, given: GivenValues) -> Optional[QgsProcessingFeatureSource]:
        """Return the features, None where they are left out or cannot be opened."""
        if not given.parameters.get(self.name):
            return None
        return given.algorithm.parameterAsSource(*given.arguments(self.name))

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        kinds = QgsProcessing.SourceType
        kind = kinds.TypeVectorPolygon if self.has_polygons else kinds.TypeVectorAnyGeometry
        return QgsProcessingParameterFeatureSource(self.name, label, [kind], optional=self.is_optional)


@dataclass(frozen=True)
class SinkParameter(Parameter):
    """Where the rows are written."""

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterFeatureSink(self.name, label)
