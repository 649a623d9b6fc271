"""The choices of a question, and values that cannot be its answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsVectorLayer

from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.services.results.correcting.choices import choices_of, common_choices, known_choices, misfit
from rsgpt_plugin.shared.answers.questions import parse_questions
from tests.plugin.corrections import correct
from tests.plugin.results import USES, add_uses, fids, results_layer

pytestmark = pytest.mark.usefixtures("qgis_new_project")

LINE = "land_use_class[choice(a|b c)]: Which?"


@pytest.mark.parametrize(
    ("prompt", "asked", "choices"),
    [
        (f"Describe this image.\n{LINE}", "land_use_class", ("a", "b c")),
        (LINE, "land_use_c", ("a", "b c")),
        (LINE, "land", None),
        (LINE, "answer", ("a", "b c")),
        (f"{LINE}\ncars[integer]: How many?", "answer", ()),
        ("cars[integer]: How many?", "cars", ()),
        ("", "land_use_class", None),
    ],
)
def test_choices_are_read_from_the_prompt(prompt: str, asked: str, choices: tuple[str, ...] | None) -> None:
    assert choices_of(prompt, asked) == choices


def test_rows_that_were_asked_something_else_have_the_choices_of_the_others() -> None:
    other, prompts = "cars[integer]: How many?", [LINE, LINE.replace("b c", "d")]
    assert known_choices([other, *prompts], "land_use_class") == ("a", "b c", "d")
    assert common_choices([other, *prompts], "land_use_class", ("a", "b c", "d")) == ("a",)
    assert common_choices([other], "land_use_class", ("a", "b c")) == ("a", "b c")
    assert common_choices([LINE, LINE.replace("a|b c", "x|y")], "land_use_class", ()) is None
    assert common_choices([other], "cars", ()) == ()


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("yesno", True, True),
        ("yesno", "yes", False),
        ("yesno", 1, False),
        ("integer", 3, True),
        ("integer", True, False),
        ("integer", "three", False),
        ("text", "anything", True),
        ("text", 3, False),
        ("choice(a|b)", "b", True),
        ("choice(a|b)", "B", False),
        ("choice(a|b)", None, True),
    ],
)
def test_values_must_fit_the_column_and_the_choices(kind: str, value: Any, fits: bool) -> None:
    (question,) = parse_questions(f"name[{kind}]: What?")
    problem = misfit(value, output_fields([question]).field("name"), question.choices)
    assert (problem == "") is fits
    assert fits or problem.endswith(".")


@pytest.fixture(params=["memory", "GPKG"])
def layer(request: pytest.FixtureRequest, tmp_path: Path) -> QgsVectorLayer:
    return add_uses(results_layer(["a", "b"], request.param, tmp_path), ["water", None])


def test_a_typo_is_refused_and_changes_nothing(layer: QgsVectorLayer) -> None:
    before = layer.fields().names()
    with pytest.raises(OutputError, match="“dense housing” is not one of the choices. Choose one of: farmland"):
        correct(layer, fids(layer)[0], "use", "dense housing")
    assert (layer.getFeature(fids(layer)[0])["use"], layer.fields().names()) == ("water", before)
    assert correct(layer, fids(layer)[0], "use", USES[1])
    assert layer.getFeature(fids(layer)[0])["use"] == USES[1]
