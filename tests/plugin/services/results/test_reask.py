"""Rows asked again, with a model that follows a script: what changes, what stays, what is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import processing
import pytest
from qgis.core import (
    NULL,
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)

from rsgpt_plugin.client.server.protocol import Prompt
from rsgpt_plugin.core.run_store import RunRequest
from rsgpt_plugin.errors import ServerError
from rsgpt_plugin.geo.results.layer_metadata import record_run
from rsgpt_plugin.geo.results.layer_rows import LayerRow, RowReader
from rsgpt_plugin.services.results import reask, reask_rows
from rsgpt_plugin.services.results.corrections import correct
from rsgpt_plugin.services.results.reask import ReaskService
from rsgpt_plugin.services.results.reask_request import ReaskRequest, RowQuestions, asked_before, recorded_raster
from rsgpt_plugin.services.results.results_layer import ResultsLayer
from rsgpt_plugin.shared.answers.questions import parse_questions
from tests.plugin.processing import conftest as scripted
from tests.plugin.processing.conftest import ScriptedGateway, number_in, numbered
from tests.plugin.results import fids
from tests.plugin.waiting import wait_until

gateway, project, provider, raster, weights = (
    scripted.gateway, scripted.project, scripted.provider, scripted.raster, scripted.weights,
)  # fmt: skip
pytestmark = pytest.mark.usefixtures("provider", "weights")

QUESTION = "cars[integer]: How many cars are there?"
PROMPT = f"Describe this image.\n{QUESTION}"


def say(prompt: Prompt) -> str:
    return str(number_in(prompt)) if "cars" in prompt.text else f"tile {number_in(prompt)}: {prompt.text}"


class ReaskSignals:
    """What a request said in the end."""

    def __init__(self, asking: ReaskService) -> None:
        self.ends: list[str] = []
        self.failures: list[str] = []
        self.progress: list[float] = []
        asking.ended.connect(self.ends.append)
        asking.failed.connect(self.failures.append)
        asking.progressed.connect(self.progress.append)


@pytest.fixture
def asking(project: QgsProject) -> Iterator[ReaskService]:
    service = ReaskService(project)
    yield service
    service.close()


@pytest.fixture
def image(raster: Callable[..., QgsRasterLayer]) -> QgsRasterLayer:
    return raster(numbered(2, 3))


def described(image: QgsRasterLayer, algorithm: str = "rsgpt:describeraster", **parameters: Any) -> QgsVectorLayer:
    """A layer of the project, as Processing leaves it after a run."""
    asked = {"INPUT": image.id(), "QUESTIONS": QUESTION, **parameters}
    layer = processing.run(algorithm, {**asked, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"]
    plain = {name: value for name, value in asked.items() if name != "EXTENT"}
    record_run(layer, RunRequest(algorithm, image.name(), plain, source=image.source()))
    return QgsProject.instance().addMapLayer(layer)


def rows_of(layer: QgsVectorLayer, *numbers: int) -> list[LayerRow]:
    """The rows of these numbers."""
    reader = RowReader(layer)
    return [reader.row(layer.getFeature(fids(layer)[number])) for number in numbers]


def run(asking: ReaskService, layer: QgsVectorLayer, rows: list[LayerRow], wish: ReaskRequest) -> ReaskSignals:
    told = ReaskSignals(asking)
    asking.start(layer, rows, wish)
    wait_until(lambda: not asking.busy)
    return told


def values(layer: QgsVectorLayer, name: str) -> list[Any]:
    found = [layer.getFeature(fid)[name] for fid in fids(layer)]
    return [None if value == NULL else value for value in found]


@pytest.mark.parametrize("overlap", [0, 50])
def test_tiles_are_asked_about_the_same_pictures(
    asking: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
    overlap: int,
) -> None:
    gateway.say = say
    layer = described(image, TILE_SIZE=32, OVERLAP=overlap)
    pictures, captions = values(layer, "image_sha256"), values(layer, "caption")
    wish = ReaskRequest.about(image, "rsgpt-small", RowQuestions("What is this?", QUESTION))
    told = run(asking, layer, rows_of(layer, 1, 4), wish)
    assert (told.failures, told.ends) == ([], ["Asked again. Rows: 2."])
    assert values(layer, "image_sha256") == pictures
    changed = [new for new, old in zip(values(layer, "caption"), captions) if new != old]
    assert [caption.partition(": ")[2] for caption in changed] == ["What is this?"] * 2
    assert values(layer, "prompt")[1] == f"What is this?\n{QUESTION}"
    assert values(layer, "prompt")[0] == PROMPT


def test_a_kept_extent_gives_the_same_pictures(
    asking: ReaskService, image: QgsRasterLayer, gateway: ScriptedGateway
) -> None:
    gateway.say = say
    box = image.extent()
    box.setXMinimum(box.xMinimum() + 7 * image.rasterUnitsPerPixelX())
    layer = described(image, TILE_SIZE=32, EXTENT=box)
    pictures = values(layer, "image_sha256")
    sides = [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()]
    kept = {"TILE_SIZE": 32, "EXTENT": {"sides": sides, "crs": image.crs().toWkt()}}
    record_run(layer, RunRequest("rsgpt:describeraster", "", kept, source=image.source()))
    told = run(
        asking, layer, rows_of(layer, 1), ReaskRequest.about(image, "rsgpt-small", RowQuestions("What is this?"))
    )
    assert told.failures == []
    assert values(layer, "image_sha256") == pictures
    assert "What is this?" in values(layer, "prompt")


def test_the_same_words_are_not_asked_twice_but_what_failed_is(
    asking: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
) -> None:
    gateway.say = lambda prompt: ServerError("overloaded") if number_in(prompt) == 2 else say(prompt)
    layer = described(image, TILE_SIZE=32)
    assert values(layer, "status") == ["answered"] * 2 + ["failed"] + ["answered"] * 3
    gateway.say = say
    gateway.prompts.clear()
    run(asking, layer, rows_of(layer, 0, 1, 2), ReaskRequest.about(image, "rsgpt-small"))
    assert {number_in(prompt) for prompt in gateway.prompts} == {2}
    assert values(layer, "status") == ["answered"] * 6
    assert values(layer, "cars") == [0, 1, 2, 3, 4, 5]


def test_a_row_that_fails_keeps_its_answer_and_the_user_is_told(
    asking: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
) -> None:
    gateway.say = say
    layer = described(image, TILE_SIZE=32)
    gateway.say = lambda prompt: ServerError("overloaded")
    told = run(asking, layer, rows_of(layer, 0), ReaskRequest.about(image, "rsgpt-small", RowQuestions("Other words.")))
    assert told.failures == ["1 of 1 rows keep what they had (caption: overloaded)."]
    assert values(layer, "caption")[0] == "tile 0: Describe this image."


def test_a_row_whose_model_now_doubts_loses_its_value(
    asking: ReaskService, image: QgsRasterLayer, gateway: ScriptedGateway
) -> None:
    gateway.say = say
    layer = described(image, TILE_SIZE=32, CAPTION=False)
    assert (values(layer, "cars")[1], values(layer, "status")[1]) == (1, "answered")
    gateway.say = lambda prompt: "It is hard to tell."
    wish = ReaskRequest.about(image, "rsgpt-small", RowQuestions("", "cars[integer]: How many cars are parked?"))
    run(asking, layer, rows_of(layer, 1), wish)
    assert (values(layer, "cars")[1], values(layer, "status")[1]) == (None, "unsure")
    assert values(layer, "reason")[1] == "cars: the model cannot tell ('It is hard to tell.')"


def test_a_row_that_makes_a_library_raise_keeps_its_answer_and_the_others_are_filled(
    asking: ReaskService, image: QgsRasterLayer, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(self: Any, row: QgsFeature, found: QgsFeature) -> reask_rows.RowChange:
        if row["caption"] == "tile 0: Describe this image.":
            raise KeyError("cars_confidence")
        return whole(self, row, found)

    whole = reask_rows._Filler.change
    gateway.say = say
    layer = described(image, TILE_SIZE=32)
    monkeypatch.setattr(reask_rows._Filler, "change", change)
    told = run(
        asking, layer, rows_of(layer, 0, 1), ReaskRequest.about(image, "rsgpt-small", RowQuestions("Other words."))
    )
    (sentence,) = told.ends
    assert sentence.startswith("1 of 2 rows keep what they had (Unexpected error KeyError: 'cars_confidence'.")
    assert values(layer, "caption")[:2] == ["tile 0: Describe this image.", "tile 1: Other words."]


@pytest.mark.parametrize("where", ["places", "step", "changes"])
def test_an_unexpected_error_ends_the_request_in_a_sentence(
    asking: ReaskService, image: QgsRasterLayer, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def broken(*arguments: Any) -> Iterator[Any]:
        yield from ()
        raise ValueError("odd geometry")

    gateway.say = say
    layer = described(image, TILE_SIZE=32)
    replaced = broken if where != "step" else lambda *arguments: list(broken(*arguments))
    monkeypatch.setattr(reask, where, replaced)
    told = run(asking, layer, rows_of(layer, 0), ReaskRequest.about(image, "rsgpt-small"))
    (sentence,) = told.failures
    assert sentence.startswith("Unexpected error ValueError: odd geometry.")


def test_a_correction_stays_and_the_model_s_new_word_goes_beside_it(
    asking: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
) -> None:
    gateway.say = say
    layer = described(image, TILE_SIZE=32)
    correct(layer, fids(layer)[0], "caption", "my own words")
    run(asking, layer, rows_of(layer, 0), ReaskRequest.about(image, "rsgpt-small", RowQuestions("What is this?")))
    assert values(layer, "caption")[0] == "my own words"
    assert values(layer, "caption_model")[0] == "tile 0: What is this?"
    assert values(layer, "cars")[0] == 0


def test_features_keep_their_own_columns(
    asking: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
) -> None:
    gateway.say = say
    parcels = QgsVectorLayer("Polygon?crs=EPSG:32611&field=model:string", "parcels", "memory")
    feature = QgsFeature(parcels.fields())
    feature.setAttributes(["a house"])
    left, top = image.extent().xMinimum() + 2, image.extent().yMaximum() - 2
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(left, top - 6, left + 6, top)))
    parcels.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayer(parcels)
    layer = described(image, "rsgpt:describefeatures", FEATURES=parcels.id())
    picture = values(layer, "image_sha256")
    run(
        asking,
        layer,
        rows_of(layer, 0),
        ReaskRequest.about(image, "rsgpt-small", RowQuestions("What is this?", QUESTION)),
    )
    assert values(layer, "caption")[0].endswith("What is this?")
    assert (values(layer, "model"), values(layer, "model_2")) == (["a house"], ["rsgpt-small"])
    assert values(layer, "image_sha256") == picture


def test_clicks_are_asked_each_its_own_question(
    asking: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
) -> None:
    gateway.say = say
    clicks = ResultsLayer(QgsProject.instance())
    (question,) = parse_questions("answer[integer]: How many cars are there?")
    asked = {"INPUT": image, "TILE_SIZE": 32, "OUTPUT": "TEMPORARY_OUTPUT"}
    first = processing.run("rsgpt:describeraster", asked)["OUTPUT"]
    asked = {**asked, "CAPTION": False, "QUESTIONS": question.line}
    second = processing.run("rsgpt:describeraster", asked)["OUTPUT"]
    clicks.add(next(first.getFeatures()), image.crs(), None)
    clicks.add(next(second.getFeatures()), image.crs(), question)
    layer = clicks.layer()
    assert layer is not None
    gateway.say = lambda prompt: "41" if "cars" in prompt.text else "another tale"
    told = run(asking, layer, rows_of(layer, 0, 1), ReaskRequest.about(image, "rsgpt-small"))
    assert told.failures == []
    assert values(layer, "answer") == ["another tale", "41"]
    assert values(layer, "question") == ["Describe this image.", "How many cars are there?"]


def test_stopping_ends_the_task_and_says_so(
    asking: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
) -> None:
    gateway.say = say
    layer = described(image, TILE_SIZE=32)
    before = values(layer, "caption")
    told = ReaskSignals(asking)
    asking.start(layer, rows_of(layer, 0, 1), ReaskRequest.about(image, "rsgpt-small", RowQuestions("What is this?")))
    assert asking.busy
    asking.stop()
    assert not asking.busy
    assert told.ends == ["Stopped. Answers so far are remembered; ask again to go on."]
    wait_until(lambda: not QgsApplication.taskManager().activeTasks())
    assert values(layer, "caption") == before


def test_what_cannot_be_asked_is_one_sentence(
    asking: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
) -> None:
    gateway.say = say
    layer = described(image, TILE_SIZE=32)
    told = run(asking, layer, rows_of(layer, 0), ReaskRequest.about(image, "no-such-model"))
    (sentence,) = told.failures
    assert "There is no model named" in sentence


def test_a_layer_that_goes_ends_it(
    asking: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
) -> None:
    gateway.say = say
    layer = described(image, TILE_SIZE=32)
    asking.start(layer, rows_of(layer, 0), ReaskRequest.about(image, "rsgpt-small", RowQuestions("What is this?")))
    QgsProject.instance().removeMapLayer(layer)
    assert not asking.busy
    wait_until(lambda: not QgsApplication.taskManager().activeTasks())


def test_the_raster_is_found_again_by_its_source(image: QgsRasterLayer, gateway: ScriptedGateway) -> None:
    gateway.say = say
    layer = described(image, TILE_SIZE=32)
    again = QgsRasterLayer(image.source(), "again")
    QgsProject.instance().removeMapLayer(image)
    assert recorded_raster(layer, QgsProject.instance()) is None
    QgsProject.instance().addMapLayer(again)
    assert recorded_raster(layer, QgsProject.instance()) is again


@pytest.mark.parametrize(
    ("prompt", "asked"),
    [
        (PROMPT, RowQuestions("Describe this image.", QUESTION)),
        (QUESTION, RowQuestions("", QUESTION)),
        ("Look: what is it?\nAnd why?", RowQuestions("Look: what is it?\nAnd why?")),
        ("", RowQuestions("Describe this image.")),
    ],
)
def test_the_prompt_column_is_read_back(prompt: str, asked: RowQuestions) -> None:
    assert asked_before(prompt) == asked
