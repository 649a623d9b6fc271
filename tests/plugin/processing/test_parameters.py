"""The table of parameters: one row declares, reads, records and repeats a parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import processing
import pytest
from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

from rsgpt_plugin.client.preferences import Preferences
from rsgpt_plugin.core.run_store import RunRequest
from rsgpt_plugin.geo.results.layer_metadata import record_run
from rsgpt_plugin.processing import parameters as table
from rsgpt_plugin.processing.algorithm_base import DescribeAlgorithm
from rsgpt_plugin.processing.describefeatures import DescribeFeatures
from rsgpt_plugin.processing.describeraster import DescribeRaster
from rsgpt_plugin.processing.parameter_kinds import (
    BooleanParameter,
    ChoiceParameter,
    ExtentParameter,
    GivenValues,
    NumberParameter,
    Parameter,
    Setting,
    TextParameter,
)
from rsgpt_plugin.services.results.reask_request import ReaskGroup, ReaskRequest, RowQuestions, step
from tests.plugin.rasters import pattern

from .conftest import ScriptedGateway, numbered

pytestmark = pytest.mark.usefixtures("provider", "weights")

Make = Callable[..., QgsRasterLayer]
ALGORITHMS = [DescribeRaster, DescribeFeatures]
# "Ask again" sets these parameters itself: the raster, the rows, the prompts, the model and the output.
REPLACED = {"INPUT", "MASK", "FEATURES", "CAPTION", "DETAILED", "QUESTIONS", "PROMPT", "MODEL", "OUTPUT"}
SHARPNESS = NumberParameter(
    "SHARPNESS", "Sharpness", is_advanced=True, default=1.0, maximum=10.0, preference="click_size_m"
)


def initialized(kind: type[DescribeAlgorithm]) -> DescribeAlgorithm:
    algorithm = kind()
    algorithm.initAlgorithm()
    return algorithm


def names(algorithm: QgsProcessingAlgorithm) -> list[str]:
    return [definition.name() for definition in algorithm.parameterDefinitions()]


def squares(project: QgsProject) -> QgsVectorLayer:
    return project.addMapLayer(QgsVectorLayer("Polygon?crs=EPSG:32611", "squares", "memory"))


def repeated_by_asking_again(layer: QgsRasterLayer, algorithm: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters with which "Ask again" repeats the rows of a run."""
    results = QgsVectorLayer("Polygon?crs=EPSG:32611", "results", "memory")
    record_run(results, RunRequest(f"rsgpt:{algorithm}", "", {**parameters, "INPUT": layer.id()}))
    group = ReaskGroup(RowQuestions("What is this?"), (1,))
    return dict(step(results, group, ReaskRequest.about(layer, "rsgpt-small"), []).parameters)


@pytest.mark.parametrize("kind", ALGORITHMS)
def test_one_row_adds_a_parameter_to_both_algorithms(
    raster: Make, project: QgsProject, monkeypatch: pytest.MonkeyPatch, kind: type[DescribeAlgorithm]
) -> None:
    monkeypatch.setattr(table, "PARAMETERS", (*table.PARAMETERS, SHARPNESS))
    algorithm, layer, context = initialized(kind), raster(numbered(2, 2)), QgsProcessingContext()
    context.setProject(project)

    declared = algorithm.parameterDefinition("SHARPNESS")
    assert declared.flags() & QgsProcessingParameterDefinition.Flag.FlagAdvanced
    assert declared.defaultValue() == 1.0

    required = {"INPUT": layer, "FEATURES": squares(project), "OUTPUT": "TEMPORARY_OUTPUT"}
    assert algorithm.checkParameterValues({**required, "SHARPNESS": 3.5}, context) == (True, "")
    wrong = algorithm.checkParameterValues({**required, "SHARPNESS": 11}, context)
    assert wrong == (False, "SHARPNESS is out of range. Enter a number from 0 to 10.")

    for parameters, value in (({**required, "SHARPNESS": 3.5}, 3.5), (required, 1.0)):
        assert algorithm.prepareAlgorithm(parameters, context, QgsProcessingFeedback())
        assert algorithm.prepared().settings[SHARPNESS] == value
    assert algorithm.prepareAlgorithm({**required, "SHARPNESS": 3.5}, context, QgsProcessingFeedback())
    recorded = dict(algorithm.prepared().request.parameters)
    assert recorded["SHARPNESS"] == 3.5

    again = repeated_by_asking_again(layer, algorithm.name(), recorded)
    assert again["SHARPNESS"] == 3.5
    assert table.preferred_parameters(Preferences(click_size_m=7.0))["SHARPNESS"] == 7.0


@pytest.mark.parametrize("kind", ALGORITHMS)
def test_every_declared_parameter_is_in_the_table(kind: type[DescribeAlgorithm]) -> None:
    algorithm = initialized(kind)
    assert names(algorithm) == [parameter.name for parameter in table.parameters_of(algorithm.name())]
    assert len(set(names(algorithm))) == len(names(algorithm))


def other_value(parameter: Parameter) -> Any:
    if isinstance(parameter, BooleanParameter):
        return not parameter.default
    if isinstance(parameter, NumberParameter):
        return 17 if parameter.is_whole else 0.25
    if isinstance(parameter, ChoiceParameter):
        return len(parameter.choices) - 1
    if isinstance(parameter, ExtentParameter):
        return "500000,500032,3999968,4000000 [EPSG:32611]"
    return "other" if isinstance(parameter, TextParameter) else [3, 1]


@pytest.mark.parametrize("kind", ALGORITHMS)
def test_asking_again_reuses_all_parameters_that_it_does_not_set(raster: Make, kind: type[DescribeAlgorithm]) -> None:
    algorithm, layer = initialized(kind), raster(numbered(1, 1))
    values = {parameter.name: other_value(parameter) for parameter in table.parameters_of(algorithm.name())}
    values["INPUT"] = "the raster of the first run"
    reused = {name: value for name, value in values.items() if name not in REPLACED}
    again = repeated_by_asking_again(layer, algorithm.name(), values)
    assert {name: again[name] for name in reused} == reused
    own = "MASK" if kind is DescribeRaster else "FEATURES"
    replaced = {name: again[name] for name in again.keys() - reused.keys()}
    assert replaced.keys() == {"INPUT", own, "CAPTION", "QUESTIONS", "PROMPT", "MODEL", "OUTPUT"}
    assert all(replaced[name] != values[name] for name in replaced.keys() - {"CAPTION"})
    assert {parameter.name for parameter in table.PARAMETERS if not parameter.is_repeated} == REPLACED


@pytest.mark.parametrize("kind", ALGORITHMS)
def test_every_setting_is_read_as_entered(raster: Make, project: QgsProject, kind: type[DescribeAlgorithm]) -> None:
    algorithm, context = initialized(kind), QgsProcessingContext()
    context.setProject(project)
    settings = [parameter for parameter in table.parameters_of(algorithm.name()) if isinstance(parameter, Setting)]
    assert len(settings) >= 9
    values = {setting.name: other_value(setting) for setting in settings}
    values = {**values, "INPUT": raster(pattern(3, 32, 32)), "OUTPUT": "TEMPORARY_OUTPUT"}
    read = table.read_settings(GivenValues(algorithm, values, context))
    for setting in settings:
        expected = values[setting.name]
        if isinstance(setting, ChoiceParameter):
            expected = list(setting.choices)[expected]
        value = read[setting]
        assert (list(value) if isinstance(value, tuple) else value) == expected, setting.name


def test_a_choice_can_be_given_as_a_keyword(raster: Make, gateway: ScriptedGateway) -> None:
    algorithm, context = initialized(DescribeRaster), QgsProcessingContext()
    for keyword in table.CAPTURE.choices:
        assert table.read_settings(GivenValues(algorithm, {"CAPTURE": keyword}, context))[table.CAPTURE] == keyword
    result = processing.run(
        "rsgpt:describeraster",
        {"INPUT": raster(numbered(1, 1)), "CAPTURE": "rendered", "OUTPUT": "TEMPORARY_OUTPUT"},
    )
    (row,) = result["OUTPUT"].getFeatures()
    assert row["bands"] == "rendered"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("LEAST_CONFIDENCE", 1.5, "LEAST_CONFIDENCE is out of range. Enter a number from 0 to 1."),
        ("GROUND_RESOLUTION", 0, "GROUND_RESOLUTION is out of range. Enter 0.001 or more."),
    ],
)
def test_a_number_out_of_range_names_the_allowed_values(
    raster: Make, project: QgsProject, name: str, value: float, expected: str
) -> None:
    context = QgsProcessingContext()
    context.setProject(project)
    parameters = {"INPUT": raster(numbered(1, 1)), "OUTPUT": "TEMPORARY_OUTPUT", name: value}
    assert initialized(DescribeRaster).checkParameterValues(parameters, context) == (False, expected)
