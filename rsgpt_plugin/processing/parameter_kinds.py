"""Kinds of algorithm parameters: how each kind is declared in QGIS and how its value is read."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
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
    QgsProperty,
    QgsRasterLayer,
)

from ..shared.i18n import marked, translate

Value = TypeVar("Value")

_SEPARATOR = re.compile("[,;\n]")

# Classes of widget wrappers for Processing's dialogs, by the type of the widget. Empty without a window.
parameter_widgets: dict[str, type] = {}


@dataclass(frozen=True)
class GivenValues:
    """The parameter values of one run of an algorithm."""

    algorithm: QgsProcessingAlgorithm
    parameters: Mapping[str, Any]
    context: QgsProcessingContext

    def arguments(self, name: str) -> tuple[Any, str, QgsProcessingContext]:
        """Return the arguments of QGIS's parameterAs… methods."""
        return dict(self.parameters), name, self.context


@dataclass(frozen=True)
class Parameter(ABC):
    """One parameter of the algorithms.

    label: marked for translation. only: the names of the algorithms with this parameter, () for all. is_repeated:
    whether "Ask again" reuses the value of the earlier run, that is, does not set the parameter itself.
    """

    name: str
    label: str
    only: tuple[str, ...] = ()
    is_advanced: bool = False
    is_repeated: bool = True

    def declared(self) -> QgsProcessingParameterDefinition:
        definition = self._definition(marked(self.label))
        if self.is_advanced:
            advanced = QgsProcessingParameterDefinition.Flag.FlagAdvanced
            definition.setFlags(definition.flags() | advanced)
        return definition

    @abstractmethod
    def _definition(self, label: str) -> QgsProcessingParameterDefinition: ...


@dataclass(frozen=True)
class Setting(Parameter, Generic[Value]):
    """A parameter whose value is neither a layer nor an extent.

    preference: the field of Preferences with the value for questions asked on the map, "" for none.
    """

    preference: str = ""

    @abstractmethod
    def value(self, values: GivenValues) -> Value:
        """Return the value, or the default if it is not set."""

    def problem(self, values: GivenValues) -> str:
        """Return an error message that is more specific than that of QGIS's own check, "" for none."""
        return ""


@dataclass(frozen=True)
class BooleanParameter(Setting[bool]):
    default: bool = False

    def value(self, values: GivenValues) -> bool:
        return bool(values.algorithm.parameterAsBool(*values.arguments(self.name)))

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterBoolean(self.name, label, defaultValue=self.default)


@dataclass(frozen=True)
class TextParameter(Setting[str]):
    """An optional text. widget: its key in `parameter_widgets`, "" for QGIS's own widget."""

    has_lines: bool = False
    widget: str = ""

    def value(self, values: GivenValues) -> str:
        text = str(values.algorithm.parameterAsString(*values.arguments(self.name)))
        return text if self.has_lines else text.strip()

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        definition = QgsProcessingParameterString(self.name, label, multiLine=self.has_lines, optional=True)
        _set_widget(definition, self.widget, self.widget)
        return definition


@dataclass(frozen=True)
class NumberParameter(Setting[float]):
    """A number from `minimum` to `maximum`. default: None makes it optional, with the value 0 if it is not set.

    widget: its key in `parameter_widgets`, "" for QGIS's own widget, which the modeler shows in any case.
    """

    default: Optional[float] = None
    minimum: float = 0.0
    maximum: float = math.inf
    is_whole: bool = False
    widget: str = ""

    def value(self, values: GivenValues) -> float:
        if self._is_left_out(values):
            return 0.0
        return float(values.algorithm.parameterAsDouble(*values.arguments(self.name)))

    def problem(self, values: GivenValues) -> str:
        if self._is_left_out(values) or self.minimum <= self.value(values) <= self.maximum:
            return ""
        if math.isinf(self.maximum):
            message = translate("Rsgpt", "{name} is out of range. Enter {least} or more.")
        else:
            message = translate("Rsgpt", "{name} is out of range. Enter a number from {least} to {most}.")
        return message.format(name=self.name, least=f"{self.minimum:g}", most=f"{self.maximum:g}")

    def _is_left_out(self, values: GivenValues) -> bool:
        return self.default is None and values.parameters.get(self.name) is None

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        kinds = QgsProcessingParameterNumber.Type
        limits = {"minValue": self.minimum, **({} if math.isinf(self.maximum) else {"maxValue": self.maximum})}
        kind, is_optional = kinds.Integer if self.is_whole else kinds.Double, self.default is None
        definition = QgsProcessingParameterNumber(self.name, label, kind, self.default, is_optional, **limits)
        if self.maximum == 1.0 and not self.is_whole:  # a share; QGIS would show six decimals
            definition.setMetadata({"widget_wrapper": {"decimals": 2}})
        _set_widget(definition, self.widget, definition.type())
        return definition


@dataclass(frozen=True)
class ChoiceParameter(Setting[str]):
    """One of several keywords. choices: the label of each keyword; the first keyword is the default."""

    choices: Mapping[str, str] = field(default_factory=dict)

    def value(self, values: GivenValues) -> str:
        keywords = list(self.choices)
        parameters, name, context = values.arguments(self.name)
        index = values.algorithm.parameterAsEnum(self.with_number(parameters), name, context)
        return keywords[index] if 0 <= index < len(keywords) else keywords[0]

    def with_number(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters with the index of the keyword: QGIS rejects keywords if the labels are translated."""
        keywords = list(self.choices)
        value = parameters.get(self.name)
        if not isinstance(value, str) or value not in keywords:
            return dict(parameters)
        return {**parameters, self.name: keywords.index(value)}

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        options = [marked(label) for label in self.choices.values()]
        return QgsProcessingParameterEnum(self.name, label, options=options, defaultValue=0)


@dataclass(frozen=True)
class NamesParameter(Setting[tuple[str, ...]]):
    """Any of several names, () if not set. names: returns those that the dialog offers; others can be given too."""

    names: Callable[[], Sequence[str]] = tuple

    def value(self, values: GivenValues) -> tuple[str, ...]:
        given = values.parameters.get(self.name)
        if isinstance(given, QgsProperty):
            given, _ = given.value(values.context.expressionContext())
        if isinstance(given, str):
            given = [part.strip() for part in _SEPARATOR.split(given)]
        entries = given if isinstance(given, (list, tuple)) else [] if given is None else [given]
        return tuple(dict.fromkeys(name for name in map(self._name, entries) if name))

    def with_number(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters without the names, because QGIS rejects those that are not in the list."""
        return {name: value for name, value in parameters.items() if name != self.name}

    def _name(self, entry: Any) -> str:
        """Return a name. Scripts may give its index instead."""
        text, names = str(entry).strip(), self.names()
        return names[int(text)] if text.isdecimal() and int(text) < len(names) else text

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterEnum(
            self.name, label, options=list(self.names()), allowMultiple=True, optional=True, usesStaticStrings=True
        )


@dataclass(frozen=True)
class BandsParameter(Setting[tuple[int, ...]]):
    """Band numbers of a raster, () if not set. raster: the name of the parameter with the raster."""

    raster: str = "INPUT"

    def value(self, values: GivenValues) -> tuple[int, ...]:
        return tuple(values.algorithm.parameterAsInts(*values.arguments(self.name)))

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterBand(
            self.name, label, parentLayerParameterName=self.raster, optional=True, allowMultiple=True
        )


@dataclass(frozen=True)
class RasterParameter(Parameter):
    def layer(self, values: GivenValues) -> Optional[QgsRasterLayer]:
        """Return the layer, or None if it cannot be opened."""
        return values.algorithm.parameterAsRasterLayer(*values.arguments(self.name))

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterRasterLayer(self.name, label)


@dataclass(frozen=True)
class ExtentParameter(Parameter):
    """An optional rectangle on the map."""

    def crs(self, values: GivenValues) -> QgsCoordinateReferenceSystem:
        """Return the CRS that the rectangle was given in; an invalid one if it was left out."""
        if not values.parameters.get(self.name):
            return QgsCoordinateReferenceSystem()
        return values.algorithm.parameterAsExtentCrs(*values.arguments(self.name))

    def geometry(self, values: GivenValues, crs: QgsCoordinateReferenceSystem) -> Optional[QgsGeometry]:
        """Return the extent in `crs`, or None if it is not set."""
        if not values.parameters.get(self.name):
            return None
        return values.algorithm.parameterAsExtentGeometry(*values.arguments(self.name), crs)

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterExtent(self.name, label, optional=True)


@dataclass(frozen=True)
class FeaturesParameter(Parameter):
    """The features of a vector layer."""

    has_polygons: bool = False
    is_optional: bool = False

    def source(self, values: GivenValues) -> Optional[QgsProcessingFeatureSource]:
        """Return the features, or None if they are not set or cannot be opened."""
        if not values.parameters.get(self.name):
            return None
        return values.algorithm.parameterAsSource(*values.arguments(self.name))

    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        kinds = QgsProcessing.SourceType
        kind = kinds.TypeVectorPolygon if self.has_polygons else kinds.TypeVectorAnyGeometry
        return QgsProcessingParameterFeatureSource(self.name, label, [kind], optional=self.is_optional)


@dataclass(frozen=True)
class SinkParameter(Parameter):
    def _definition(self, label: str) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterFeatureSink(self.name, label)


def _set_widget(definition: QgsProcessingParameterDefinition, widget: str, kind: str) -> None:
    """Set the plugin's widget of a parameter, if there is a window. kind: of the widget, for QGIS's registry."""
    if widget in parameter_widgets:
        definition.setMetadata({"widget_wrapper": {"class": parameter_widgets[widget], "widget_type": kind}})
