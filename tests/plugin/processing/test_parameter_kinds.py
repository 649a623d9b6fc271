"""Each kind of parameter declares itself in QGIS and reads its value, also if it is left out or given as text."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

from rsgpt_plugin.processing.parameter_kinds import (
    BandsParameter,
    BooleanParameter,
    ChoiceParameter,
    ExtentParameter,
    FeaturesParameter,
    GivenValues,
    NumberParameter,
    Parameter,
    RasterParameter,
    Setting,
    SinkParameter,
    TextParameter,
)
from tests.plugin.rasters import pattern, write

pytestmark = pytest.mark.usefixtures("qgis_processing")

UTM = QgsCoordinateReferenceSystem("EPSG:32611")
CHOICE = ChoiceParameter("MODE", "Mode", choices={"auto": "Automatic", "native": "Native", "drawn": "Drawn"})
SIZE = NumberParameter("SIZE", "Size", default=256, minimum=16, maximum=1024, is_whole=True)
RESOLUTION = NumberParameter("RES", "Resolution", minimum=0.001)


class KindAlgorithm(QgsProcessingAlgorithm):
    """An algorithm with the given parameters that is not run."""

    def __init__(self, *parameters: Parameter) -> None:
        super().__init__()
        self._parameters = parameters

    def name(self) -> str:
        return "kinds"

    def displayName(self) -> str:
        return "Kinds"

    def createInstance(self) -> KindAlgorithm:
        return KindAlgorithm(*self._parameters)

    def initAlgorithm(self, configuration: object = None) -> None:
        for parameter in self._parameters:
            self.addParameter(parameter.declared())

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        return {}


def given(parameter: Parameter, *value: Any) -> GivenValues:
    """Return the values of a run with the parameter set to `value`, or left out."""
    algorithm, context = KindAlgorithm(parameter), QgsProcessingContext()
    algorithm.initAlgorithm()
    context.setProject(QgsProject.instance())
    return GivenValues(algorithm, {parameter.name: value[0]} if value else {}, context)


def is_advanced(definition: QgsProcessingParameterDefinition) -> bool:
    return bool(definition.flags() & QgsProcessingParameterDefinition.Flag.FlagAdvanced)


@pytest.mark.parametrize(
    ("parameter", "kind", "is_optional"),
    [
        (BooleanParameter("P", "Label"), "boolean", False),
        (TextParameter("P", "Label"), "string", True),
        (NumberParameter("P", "Label", default=1.0), "number", False),
        (NumberParameter("P", "Label"), "number", True),
        (ChoiceParameter("P", "Label", choices={"a": "A"}), "enum", False),
        (BandsParameter("P", "Label"), "band", True),
        (RasterParameter("P", "Label"), "raster", False),
        (ExtentParameter("P", "Label"), "extent", True),
        (FeaturesParameter("P", "Label"), "source", False),
        (FeaturesParameter("P", "Label", is_optional=True), "source", True),
        (SinkParameter("P", "Label"), "sink", False),
    ],
)
def test_each_kind_declares_its_type_label_and_whether_it_is_optional(
    parameter: Parameter, kind: str, is_optional: bool
) -> None:
    definition = parameter.declared()
    assert (definition.name(), definition.description(), definition.type()) == ("P", "Label", kind)
    optional = QgsProcessingParameterDefinition.Flag.FlagOptional
    assert bool(definition.flags() & optional) is is_optional
    assert not is_advanced(definition)


def test_an_advanced_parameter_keeps_its_other_flags() -> None:
    definition = TextParameter("P", "Label", is_advanced=True).declared()
    assert is_advanced(definition)
    assert definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional


@pytest.mark.parametrize(
    ("default", "value", "expected"),
    [(True, (), True), (False, (), False), (False, (True,), True), (True, ("false",), False), (False, (1,), True)],
)
def test_a_boolean_is_read_or_has_its_default(default: bool, value: tuple[Any, ...], expected: bool) -> None:
    parameter = BooleanParameter("P", "Label", default=default)
    assert parameter.value(given(parameter, *value)) is expected
    assert parameter.problem(given(parameter, *value)) == ""


@pytest.mark.parametrize(("has_lines", "expected"), [(False, "a  b"), (True, " a  b\n")])
def test_a_text_of_one_line_is_stripped(has_lines: bool, expected: str) -> None:
    parameter = TextParameter("P", "Label", has_lines=has_lines)
    assert parameter.value(given(parameter, " a  b\n")) == expected
    assert parameter.value(given(parameter)) == ""
    assert parameter.declared().multiLine() is has_lines


@pytest.mark.parametrize(("value", "expected"), [((), 256.0), ((None,), 256.0), ((100,), 100.0), (("64",), 64.0)])
def test_a_number_is_read_or_has_its_default(value: tuple[Any, ...], expected: float) -> None:
    assert SIZE.value(given(SIZE, *value)) == expected


def test_a_number_without_a_default_is_0_if_it_is_left_out() -> None:
    for values in (given(RESOLUTION), given(RESOLUTION, None)):
        assert RESOLUTION.value(values) == 0.0
        assert RESOLUTION.problem(values) == ""  # although 0 is below the minimum
    assert RESOLUTION.value(given(RESOLUTION, 0.3)) == 0.3


@pytest.mark.parametrize(
    ("parameter", "value", "problem"),
    [
        (SIZE, 16, ""),
        (SIZE, 1024, ""),
        (SIZE, 15, "SIZE is out of range. Enter a number from 16 to 1024."),
        (SIZE, 1025, "SIZE is out of range. Enter a number from 16 to 1024."),
        (RESOLUTION, 1e9, ""),
        (RESOLUTION, 0, "RES is out of range. Enter 0.001 or more."),
        (RESOLUTION, math.nan, "RES is out of range. Enter 0.001 or more."),
    ],
)
def test_a_number_out_of_range_says_what_to_enter(parameter: NumberParameter, value: float, problem: str) -> None:
    assert parameter.problem(given(parameter, value)) == problem


def test_a_number_declares_its_limits() -> None:
    size, resolution = SIZE.declared(), RESOLUTION.declared()
    assert (size.minimum(), size.maximum(), size.defaultValue()) == (16, 1024, 256)
    assert size.dataType() == size.Type.Integer
    assert (resolution.minimum(), resolution.defaultValue()) == (0.001, None)
    assert resolution.dataType() == resolution.Type.Double
    assert resolution.maximum() > 1e300


@pytest.mark.parametrize(
    ("value", "expected"),
    [((), "auto"), ((0,), "auto"), ((2,), "drawn"), (("native",), "native"), (("1",), "native"), ((7,), "auto")],
)
def test_a_choice_is_read_as_a_keyword(value: tuple[Any, ...], expected: str) -> None:
    assert CHOICE.value(given(CHOICE, *value)) == expected


def test_a_choice_shows_labels_and_its_first_keyword_is_the_default() -> None:
    definition = CHOICE.declared()
    assert (definition.options(), definition.defaultValue()) == (["Automatic", "Native", "Drawn"], 0)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"MODE": "drawn", "OTHER": "auto"}, {"MODE": 2, "OTHER": "auto"}),
        ({"MODE": "unknown"}, {"MODE": "unknown"}),
        ({"MODE": 1}, {"MODE": 1}),
        ({}, {}),
    ],
)
def test_only_the_keywords_of_a_choice_become_numbers(parameters: dict[str, Any], expected: dict[str, Any]) -> None:
    before = dict(parameters)
    assert CHOICE.with_number(parameters) == expected
    assert parameters == before


@pytest.mark.parametrize(("value", "expected"), [((), ()), (([3, 1],), (3, 1)), (([],), ()), ((2,), (2,))])
def test_bands_keep_their_order(value: tuple[Any, ...], expected: tuple[int, ...]) -> None:
    parameter = BandsParameter("BANDS", "Bands")
    assert parameter.value(given(parameter, *value)) == expected
    assert parameter.declared().parentLayerParameterName() == "INPUT"


def test_a_raster_is_opened_by_its_path_or_its_layer(tmp_path: Path) -> None:
    parameter = RasterParameter("INPUT", "Raster")
    path = write(tmp_path / "a.tif", pattern(3, 16, 16))
    values = given(parameter, str(path))  # its context owns the layer
    opened = parameter.layer(values)
    assert opened is not None
    assert (opened.width(), opened.bandCount()) == (16, 3)
    layer = QgsProject.instance().addMapLayer(QgsRasterLayer(str(path), "a"))
    assert parameter.layer(given(parameter, layer.id())) is layer
    assert parameter.layer(given(parameter, str(tmp_path / "missing.tif"))) is None


def test_an_extent_has_its_crs_and_is_transformed() -> None:
    parameter = ExtentParameter("EXTENT", "Extent")
    values = given(parameter, "500000,500032,3999968,4000000 [EPSG:32611]")
    assert parameter.crs(values) == UTM
    same = parameter.geometry(values, UTM)
    assert same is not None
    assert same.boundingBox().toString(0) == "500000,3999968 : 500032,4000000"
    degrees = parameter.geometry(values, QgsCoordinateReferenceSystem("EPSG:4326"))
    assert degrees is not None
    assert degrees.boundingBox().center().x() == pytest.approx(-117, abs=0.01)


@pytest.mark.parametrize("value", [(), (None,), ("",)])
def test_an_extent_that_is_left_out_has_neither_crs_nor_geometry(value: tuple[Any, ...]) -> None:
    parameter = ExtentParameter("EXTENT", "Extent")
    assert not parameter.crs(given(parameter, *value)).isValid()
    assert parameter.geometry(given(parameter, *value), UTM) is None


def test_features_are_opened_by_their_layer() -> None:
    parameter = FeaturesParameter("FEATURES", "Features")
    layer = QgsProject.instance().addMapLayer(QgsVectorLayer("Polygon?crs=EPSG:32611", "parcels", "memory"))
    source = parameter.source(given(parameter, layer.id()))
    assert source is not None
    assert (source.featureCount(), source.sourceCrs()) == (0, UTM)


@pytest.mark.parametrize("value", [(), (None,), ("",), ("no such layer",)])
def test_features_that_are_left_out_or_missing_have_no_source(value: tuple[Any, ...]) -> None:
    parameter = FeaturesParameter("MASK", "Mask", is_optional=True)
    assert parameter.source(given(parameter, *value)) is None


@pytest.mark.parametrize(("has_polygons", "kind"), [(True, 2), (False, -1)])
def test_features_declare_their_geometry(has_polygons: bool, kind: int) -> None:
    (declared,) = FeaturesParameter("F", "Features", has_polygons=has_polygons).declared().dataTypes()
    assert int(declared) == kind


def test_arguments_are_a_copy_of_the_parameters() -> None:
    values = given(SIZE, 100)
    parameters, name, context = values.arguments("SIZE")
    parameters["SIZE"] = 7
    assert (values.parameters["SIZE"], name, context) == (100, "SIZE", values.context)


def test_a_setting_without_a_check_has_no_problem() -> None:
    for parameter in (TextParameter("P", "L"), CHOICE, BandsParameter("P", "L")):
        assert isinstance(parameter, Setting)
        assert parameter.problem(given(parameter)) == ""
