"""Asking rows again with a scripted model: changed values, preserved values and messages."""

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
from rsgpt_plugin.services.results.added_question import RowChange
from rsgpt_plugin.services.results.reask import ReaskService
from rsgpt_plugin.services.results.reask_request import ReaskRequest, RowQuestions, recorded_raster, row_questions
from rsgpt_plugin.services.results.results_layer import ResultsLayer
from rsgpt_plugin.shared.answers.questions import parse_questions
from tests.plugin.corrections import correct
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


def reply(prompt: Prompt) -> str:
    return str(number_in(prompt)) if "cars" in prompt.text else f"tile {number_in(prompt)}: {prompt.text}"


class ReaskSignals:
    """Records the signals of a service."""

    def __init__(self, service: ReaskService) -> None:
        self.ends: list[str] = []
        self.failures: list[str] = []
        self.progress: list[float] = []
        service.ended.connect(self.ends.append)
        service.failed.connect(self.failures.append)
        service.progressed.connect(self.progress.append)


@pytest.fixture
def service(project: QgsProject) -> Iterator[ReaskService]:
    service = ReaskService(project)
    yield service
    service.close()


@pytest.fixture
def image(raster: Callable[..., QgsRasterLayer]) -> QgsRasterLayer:
    return raster(numbered(2, 3))


def described(image: QgsRasterLayer, algorithm: str = "rsgpt:describeraster", **parameters: Any) -> QgsVectorLayer:
    """Run an algorithm; return its output as a layer of the project with the recorded run."""
    run_parameters = {"INPUT": image.id(), "QUESTIONS": QUESTION, **parameters}
    layer = processing.run(algorithm, {**run_parameters, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"]
    recorded = {name: value for name, value in run_parameters.items() if name != "EXTENT"}
    record_run(layer, RunRequest(algorithm, image.name(), recorded, source=image.source()))
    return QgsProject.instance().addMapLayer(layer)


def rows_of(layer: QgsVectorLayer, *numbers: int) -> list[LayerRow]:
    """Return the rows with these numbers."""
    reader = RowReader(layer)
    return [reader.row(layer.getFeature(fids(layer)[number])) for number in numbers]


def run(service: ReaskService, layer: QgsVectorLayer, rows: list[LayerRow], request: ReaskRequest) -> ReaskSignals:
    signals = ReaskSignals(service)
    service.start(layer, rows, request)
    wait_until(lambda: not service.busy)
    return signals


def values(layer: QgsVectorLayer, name: str) -> list[Any]:
    cells = [layer.getFeature(fid)[name] for fid in fids(layer)]
    return [None if value == NULL else value for value in cells]


@pytest.mark.parametrize("overlap", [0, 50])
def test_tiles_are_asked_again_with_the_same_pictures(
    service: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
    overlap: int,
) -> None:
    gateway.say = reply
    layer = described(image, TILE_SIZE=32, OVERLAP=overlap)
    pictures, captions = values(layer, "image_sha256"), values(layer, "caption")
    request = ReaskRequest.about(image, "rsgpt-small", RowQuestions("What is this?", QUESTION))
    signals = run(service, layer, rows_of(layer, 1, 4), request)
    assert (signals.failures, signals.ends) == ([], ["Asked again. Rows: 2."])
    assert values(layer, "image_sha256") == pictures
    changed = [new for new, old in zip(values(layer, "caption"), captions) if new != old]
    assert [caption.partition(": ")[2] for caption in changed] == ["What is this?"] * 2
    assert values(layer, "prompt")[1] == f"What is this?\n{QUESTION}"
    assert values(layer, "prompt")[0] == PROMPT


def test_a_recorded_extent_gives_the_same_pictures(
    service: ReaskService, image: QgsRasterLayer, gateway: ScriptedGateway
) -> None:
    gateway.say = reply
    box = image.extent()
    box.setXMinimum(box.xMinimum() + 7 * image.rasterUnitsPerPixelX())
    layer = described(image, TILE_SIZE=32, EXTENT=box)
    pictures = values(layer, "image_sha256")
    sides = [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()]
    recorded = {"TILE_SIZE": 32, "EXTENT": {"sides": sides, "crs": image.crs().toWkt()}}
    record_run(layer, RunRequest("rsgpt:describeraster", "", recorded, source=image.source()))
    signals = run(
        service, layer, rows_of(layer, 1), ReaskRequest.about(image, "rsgpt-small", RowQuestions("What is this?"))
    )
    assert signals.failures == []
    assert values(layer, "image_sha256") == pictures
    assert "What is this?" in values(layer, "prompt")


def test_only_failed_rows_are_asked_the_same_questions_again(
    service: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
) -> None:
    gateway.say = lambda prompt: ServerError("overloaded") if number_in(prompt) == 2 else reply(prompt)
    layer = described(image, TILE_SIZE=32)
    assert values(layer, "status") == ["answered"] * 2 + ["failed"] + ["answered"] * 3
    gateway.say = reply
    gateway.prompts.clear()
    run(service, layer, rows_of(layer, 0, 1, 2), ReaskRequest.about(image, "rsgpt-small"))
    assert {number_in(prompt) for prompt in gateway.prompts} == {2}
    assert values(layer, "status") == ["answered"] * 6
    assert values(layer, "cars") == [0, 1, 2, 3, 4, 5]


def test_a_failed_row_keeps_its_answer_and_is_reported(
    service: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
) -> None:
    gateway.say = reply
    layer = described(image, TILE_SIZE=32)
    gateway.say = lambda prompt: ServerError("overloaded")
    signals = run(
        service, layer, rows_of(layer, 0), ReaskRequest.about(image, "rsgpt-small", RowQuestions("Other words."))
    )
    assert signals.failures == ["1 of 1 rows keep their previous answers (caption: overloaded)."]
    assert values(layer, "caption")[0] == "tile 0: Describe this image."


def test_a_row_loses_its_value_if_the_model_is_now_unsure(
    service: ReaskService, image: QgsRasterLayer, gateway: ScriptedGateway
) -> None:
    gateway.say = reply
    layer = described(image, TILE_SIZE=32, CAPTION=False)
    assert (values(layer, "cars")[1], values(layer, "status")[1]) == (1, "answered")
    gateway.say = lambda prompt: "It is hard to tell."
    request = ReaskRequest.about(image, "rsgpt-small", RowQuestions("", "cars[integer]: How many cars are parked?"))
    run(service, layer, rows_of(layer, 1), request)
    assert (values(layer, "cars")[1], values(layer, "status")[1]) == (None, "unsure")
    assert values(layer, "reason")[1] == "cars: the model cannot tell ('It is hard to tell.')"


def test_an_exception_in_one_row_does_not_affect_the_others(
    service: ReaskService, image: QgsRasterLayer, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(self: Any, row: QgsFeature, result: QgsFeature) -> RowChange:
        if row["caption"] == "tile 0: Describe this image.":
            raise KeyError("cars_confidence")
        return original(self, row, result)

    original = reask_rows._RowUpdater.change
    gateway.say = reply
    layer = described(image, TILE_SIZE=32)
    monkeypatch.setattr(reask_rows._RowUpdater, "change", change)
    signals = run(
        service, layer, rows_of(layer, 0, 1), ReaskRequest.about(image, "rsgpt-small", RowQuestions("Other words."))
    )
    (message,) = signals.ends
    assert message.startswith("1 of 2 rows keep their previous answers (Unexpected error KeyError: 'cars_confidence'.")
    assert values(layer, "caption")[:2] == ["tile 0: Describe this image.", "tile 1: Other words."]


@pytest.mark.parametrize("where", ["row_places", "step", "changes"])
def test_an_unexpected_error_ends_the_request_with_a_message(
    service: ReaskService, image: QgsRasterLayer, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def fail(*arguments: Any) -> Iterator[Any]:
        yield from ()
        raise ValueError("odd geometry")

    gateway.say = reply
    layer = described(image, TILE_SIZE=32)
    replacement = fail if where != "step" else lambda *arguments: list(fail(*arguments))
    monkeypatch.setattr(reask, where, replacement)
    signals = run(service, layer, rows_of(layer, 0), ReaskRequest.about(image, "rsgpt-small"))
    (message,) = signals.failures
    assert message.startswith("Unexpected error ValueError: odd geometry.")


def test_a_correction_stays_and_the_model_s_answer_is_updated(
    service: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
) -> None:
    gateway.say = reply
    layer = described(image, TILE_SIZE=32)
    correct(layer, fids(layer)[0], "caption", "my own words")
    run(service, layer, rows_of(layer, 0), ReaskRequest.about(image, "rsgpt-small", RowQuestions("What is this?")))
    assert values(layer, "caption")[0] == "my own words"
    assert values(layer, "caption_model")[0] == "tile 0: What is this?"
    assert values(layer, "cars")[0] == 0


def test_features_keep_their_user_columns(
    service: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
) -> None:
    gateway.say = reply
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
        service,
        layer,
        rows_of(layer, 0),
        ReaskRequest.about(image, "rsgpt-small", RowQuestions("What is this?", QUESTION)),
    )
    assert values(layer, "caption")[0].endswith("What is this?")
    assert (values(layer, "model"), values(layer, "model_2")) == (["a house"], ["rsgpt-small"])
    assert values(layer, "image_sha256") == picture


def test_clicks_repeat_the_question_of_each_row(
    service: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
) -> None:
    gateway.say = reply
    clicks = ResultsLayer(QgsProject.instance())
    (question,) = parse_questions("answer[integer]: How many cars are there?")
    parameters = {"INPUT": image, "TILE_SIZE": 32, "OUTPUT": "TEMPORARY_OUTPUT"}
    first = processing.run("rsgpt:describeraster", parameters)["OUTPUT"]
    parameters = {**parameters, "CAPTION": False, "QUESTIONS": question.line}
    second = processing.run("rsgpt:describeraster", parameters)["OUTPUT"]
    clicks.add(next(first.getFeatures()), image.crs(), None)
    clicks.add(next(second.getFeatures()), image.crs(), question)
    layer = clicks.layer()
    assert layer is not None
    gateway.say = lambda prompt: "41" if "cars" in prompt.text else "another tale"
    signals = run(service, layer, rows_of(layer, 0, 1), ReaskRequest.about(image, "rsgpt-small"))
    assert signals.failures == []
    assert values(layer, "answer") == ["another tale", "41"]
    assert values(layer, "question") == ["Describe this image.", "How many cars are there?"]


def test_stop_ends_the_task_and_is_reported(
    service: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
) -> None:
    gateway.say = reply
    layer = described(image, TILE_SIZE=32)
    before = values(layer, "caption")
    signals = ReaskSignals(service)
    service.start(layer, rows_of(layer, 0, 1), ReaskRequest.about(image, "rsgpt-small", RowQuestions("What is this?")))
    assert service.busy
    service.stop()
    assert not service.busy
    assert signals.ends == ["Stopped. The answers so far are stored; ask again to resume."]
    wait_until(lambda: not QgsApplication.taskManager().activeTasks())
    assert values(layer, "caption") == before


def test_an_unknown_model_is_reported(
    service: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
) -> None:
    gateway.say = reply
    layer = described(image, TILE_SIZE=32)
    signals = run(service, layer, rows_of(layer, 0), ReaskRequest.about(image, "no-such-model"))
    (message,) = signals.failures
    assert "There is no model named" in message


def test_removing_the_layer_ends_the_request(
    service: ReaskService,
    image: QgsRasterLayer,
    gateway: ScriptedGateway,
) -> None:
    gateway.say = reply
    layer = described(image, TILE_SIZE=32)
    service.start(layer, rows_of(layer, 0), ReaskRequest.about(image, "rsgpt-small", RowQuestions("What is this?")))
    QgsProject.instance().removeMapLayer(layer)
    assert not service.busy
    wait_until(lambda: not QgsApplication.taskManager().activeTasks())


def test_recorded_raster_matches_by_source(image: QgsRasterLayer, gateway: ScriptedGateway) -> None:
    gateway.say = reply
    layer = described(image, TILE_SIZE=32)
    copy = QgsRasterLayer(image.source(), "copy")
    QgsProject.instance().removeMapLayer(image)
    assert recorded_raster(layer, QgsProject.instance()) is None
    QgsProject.instance().addMapLayer(copy)
    assert recorded_raster(layer, QgsProject.instance()) is copy


@pytest.mark.parametrize(
    ("prompt", "questions"),
    [
        (PROMPT, RowQuestions("Describe this image.", QUESTION)),
        (QUESTION, RowQuestions("", QUESTION)),
        ("Look: what is it?\nAnd why?", RowQuestions("Look: what is it?\nAnd why?")),
        ("", RowQuestions("Describe this image.")),
    ],
)
def test_questions_are_read_from_the_prompt_column(prompt: str, questions: RowQuestions) -> None:
    assert row_questions(prompt) == questions
