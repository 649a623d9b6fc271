"""The algorithms, parameters and outputs of the provider, whose names scripts rely on."""

from __future__ import annotations

import pytest
from qgis.core import QgsApplication, QgsProcessingAlgorithm, QgsProcessingParameterDefinition

from rsgpt_plugin.processing.provider import RsgptProvider

SHARED = {"INPUT", "CAPTION", "DETAILED", "QUESTIONS", "PROMPT", "MODEL", "BANDS", "CAPTURE", "OUTPUT"}
SHARED |= {"GROUND_RESOLUTION", "LEAST_CONFIDENCE"}


@pytest.fixture
def algorithms(provider: RsgptProvider) -> dict[str, QgsProcessingAlgorithm]:
    return {algorithm.id(): algorithm for algorithm in provider.algorithms()}


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("rsgpt:describeraster", {"EXTENT", "MASK", "TILE_SIZE", "OVERLAP"}),
        ("rsgpt:describefeatures", {"FEATURES"}),
    ],
)
def test_algorithms_have_stable_parameters_and_outputs(
    algorithms: dict[str, QgsProcessingAlgorithm], name: str, own: set[str]
) -> None:
    algorithm = algorithms[name]
    assert {parameter.name() for parameter in algorithm.parameterDefinitions()} == SHARED | own
    assert {output.name() for output in algorithm.outputDefinitions()} == {
        "OUTPUT", "TILES", "ANSWERED", "SKIPPED", "FAILED", "ASKED", "CACHED",
    }  # fmt: skip


def test_finding_objects_has_stable_parameters_and_outputs(algorithms: dict[str, QgsProcessingAlgorithm]) -> None:
    algorithm = algorithms["rsgpt:findobjects"]
    assert {parameter.name() for parameter in algorithm.parameterDefinitions()} == {
        "INPUT", "EXTENT", "MASK", "OBJECTS", "LEAST_CONFIDENCE", "BOXES", "MODEL", "BANDS", "CAPTURE",
        "GROUND_RESOLUTION", "OUTPUT",
    }  # fmt: skip
    assert {output.name() for output in algorithm.outputDefinitions()} == {
        "OUTPUT", "TILES", "ANSWERED", "SKIPPED", "FAILED", "ASKED", "CACHED", "FOUND",
    }  # fmt: skip


def test_only_input_and_output_are_required(algorithms: dict[str, QgsProcessingAlgorithm]) -> None:
    optional = QgsProcessingParameterDefinition.Flag.FlagOptional
    needed = {
        parameter.name()
        for parameter in algorithms["rsgpt:describeraster"].parameterDefinitions()
        if not parameter.flags() & optional and parameter.defaultValue() is None
    }
    assert needed == {"INPUT", "OUTPUT"}


def test_every_algorithm_has_help_and_tags(algorithms: dict[str, QgsProcessingAlgorithm]) -> None:
    assert len(algorithms) == 5
    for algorithm in algorithms.values():
        assert len(algorithm.shortHelpString()) > 200
        assert algorithm.shortDescription()
        assert "caption" in algorithm.tags()
        assert type(algorithm.create()) is type(algorithm)


def test_the_provider_is_found_by_its_id(provider: RsgptProvider) -> None:
    registry = QgsApplication.processingRegistry()
    assert registry.providerById("rsgpt") is provider
    assert registry.algorithmById("rsgpt:describeraster").displayName() == "Describe raster"
