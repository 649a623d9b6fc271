"""A question added to a layer: only it is asked, the other answers stay, and asking resumes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from qgis.core import QgsFeature, QgsProject, QgsRasterLayer, QgsVectorLayer

from rsgpt_plugin.errors import ServerError
from rsgpt_plugin.geo.results.layer_rows import LayerRow, RowReader
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.services.results.added_question import AddedAnswer, name_problem, unasked
from rsgpt_plugin.services.results.reask import ReaskService
from rsgpt_plugin.services.results.reask_request import ReaskRequest
from rsgpt_plugin.shared.answers.questions import parse_questions
from tests.plugin.processing import conftest as scripted
from tests.plugin.processing.conftest import ScriptedGateway, number_in, numbered
from tests.plugin.results import fids, results_layer
from tests.plugin.services.results.test_reask import PROMPT, described, reply, run, values

gateway, project, provider, raster, weights = (
    scripted.gateway, scripted.project, scripted.provider, scripted.raster, scripted.weights,
)  # fmt: skip
pytestmark = pytest.mark.usefixtures("provider", "weights", "project")

LINE = "pool[yesno]: Is there a pool?"
(POOL,) = parse_questions(LINE)


@pytest.fixture
def service(project: QgsProject) -> Iterator[ReaskService]:
    service = ReaskService(project)
    yield service
    service.close()


def all_rows(layer: QgsVectorLayer) -> list[LayerRow]:
    reader = RowReader(layer)
    return [reader.row(feature) for feature in layer.getFeatures()]


def answers(prompt: Any) -> Any:
    if "pool" in prompt.text:
        return "yes" if number_in(prompt) % 2 else "no"
    return reply(prompt)


@pytest.mark.parametrize("algorithm", ["tiles", "features"])
def test_only_the_new_question_is_asked(
    service: ReaskService, raster: Callable[..., QgsRasterLayer], gateway: ScriptedGateway, algorithm: str
) -> None:
    gateway.say = answers
    image = raster(numbered(2, 3))
    layer = described(image, TILE_SIZE=32)
    if algorithm == "features":
        places = layer.clone()
        QgsProject.instance().addMapLayer(places)
        layer = described(image, "rsgpt:describefeatures", FEATURES=places.id())
    before = {name: values(layer, name) for name in layer.fields().names()}
    gateway.prompts.clear()
    signals = run(service, layer, all_rows(layer), ReaskRequest.adding(image, "rsgpt-small", POOL))
    assert (signals.failures, signals.ends) == ([], ["The question was asked. Rows: 6."])
    assert {prompt.text for prompt in gateway.prompts} == {"Is there a pool?"}
    assert values(layer, "pool") == [False, True] * 3
    assert None not in values(layer, "pool_confidence")
    prompts = {name for name in before if name.startswith("prompt")}
    assert {name: values(layer, name) for name in before if name not in prompts} == {
        name: cells for name, cells in before.items() if name not in prompts
    }
    assert [row.prompt for row in all_rows(layer)] == [f"{PROMPT}\n{LINE}"] * 6
    assert unasked(layer, all_rows(layer), POOL) == []


def test_rows_that_failed_can_be_asked_later(
    service: ReaskService, raster: Callable[..., QgsRasterLayer], gateway: ScriptedGateway
) -> None:
    gateway.say = reply
    image = raster(numbered(1, 3))
    layer = described(image, TILE_SIZE=32)
    gateway.say = lambda prompt: ServerError("overloaded") if number_in(prompt) == 1 else answers(prompt)
    request = ReaskRequest.adding(image, "rsgpt-small", POOL)
    signals = run(service, layer, all_rows(layer), request)
    assert "1 of 3 rows keep" in signals.ends[0]
    assert values(layer, "pool") == [False, None, False]
    rows = unasked(layer, all_rows(layer), POOL)
    assert [row.values[0] for row in rows] == ["tile 1: Describe this image."]
    assert name_problem(layer, all_rows(layer), POOL) == ""
    gateway.say = answers
    run(service, layer, rows, request)
    assert values(layer, "pool") == [False, True, False]


def test_an_unsure_answer_makes_the_row_partly_answered(
    service: ReaskService, raster: Callable[..., QgsRasterLayer], gateway: ScriptedGateway
) -> None:
    gateway.say = reply
    image = raster(numbered(1, 2))
    layer = described(image, TILE_SIZE=32)
    gateway.say = lambda prompt: "I cannot tell." if number_in(prompt) == 1 else answers(prompt)
    run(service, layer, all_rows(layer), ReaskRequest.adding(image, "rsgpt-small", POOL))
    assert values(layer, "status") == ["answered", "partial"]
    assert "pool" not in values(layer, "reason")[0]  # it only says that the picture is small
    assert "pool" in values(layer, "reason")[1]
    assert values(layer, "caption")[1] == "tile 1: Describe this image."


def test_a_doubt_about_the_picture_is_stated_once(
    service: ReaskService, raster: Callable[..., QgsRasterLayer], gateway: ScriptedGateway
) -> None:
    gateway.say = lambda prompt: "I cannot tell." if "boats" in prompt.text else answers(prompt)
    image = raster(numbered(1, 1))
    layer = described(image, TILE_SIZE=32)
    (before,) = values(layer, "reason")
    assert before.startswith("the picture has only 32 pixels per side")
    for line in (LINE, "boats[yesno]: Are there boats?"):
        (question,) = parse_questions(line)
        run(service, layer, all_rows(layer), ReaskRequest.adding(image, "rsgpt-small", question))
    (reason,) = values(layer, "reason")
    assert reason.startswith(f"{before}; boats: ")
    assert reason.count("pixels per side") == 1


def test_a_question_whose_column_was_deleted_can_be_asked_again(
    service: ReaskService, raster: Callable[..., QgsRasterLayer], gateway: ScriptedGateway
) -> None:
    gateway.say = answers
    image = raster(numbered(1, 2))
    layer = described(image, TILE_SIZE=32)
    request = ReaskRequest.adding(image, "rsgpt-small", POOL)
    run(service, layer, all_rows(layer), request)
    layer.dataProvider().deleteAttributes([layer.fields().indexOf("pool")])
    layer.updateFields()
    rows = unasked(layer, all_rows(layer), POOL)
    assert len(rows) == 2
    run(service, layer, rows, request)
    assert values(layer, "pool") == [False, True]
    assert [row.prompt for row in all_rows(layer)] == [f"{PROMPT}\n{LINE}"] * 2


def test_a_read_only_layer_is_reported(
    service: ReaskService, raster: Callable[..., QgsRasterLayer], gateway: ScriptedGateway
) -> None:
    gateway.say = answers
    image = raster(numbered(1, 1))
    layer = described(image, TILE_SIZE=32)
    layer.setReadOnly(True)
    signals = run(service, layer, all_rows(layer), ReaskRequest.adding(image, "rsgpt-small", POOL))
    assert (signals.ends, len(signals.failures)) == ([], 1)
    assert "cannot be edited" in signals.failures[0]


def test_names_of_other_columns_are_refused() -> None:
    layer = results_layer(["a"])
    (cars,) = parse_questions("Cars[yesno]: Are there cars?")
    assert "already has a column “Cars”" in name_problem(layer, all_rows(layer), cars)
    assert name_problem(layer, all_rows(layer), POOL) == ""


@pytest.mark.parametrize("has_column", [True, False])
def test_the_part_of_the_model_that_answered_is_added(has_column: bool) -> None:
    layer = results_layer(["a"])
    (fid,) = fids(layer)
    index = layer.fields().indexOf("answered_by")
    layer.dataProvider().changeAttributeValues({fid: {index: "cars: finder"}})
    if not has_column:  # as in layers of earlier versions
        layer.dataProvider().deleteAttributes([index])
        layer.updateFields()
    result = QgsFeature(output_fields([POOL]))
    for name, value in {"pool": True, "pool_confidence": 0.9, "status": "answered"}.items():
        result[name] = value
    result["answered_by"] = "pool: language model"
    change = AddedAnswer(layer, POOL).change(layer.getFeature(fid), result)
    expected = "cars: finder; pool: language model" if has_column else None
    assert (change.values["pool"], change.values.get("answered_by")) == (True, expected)
