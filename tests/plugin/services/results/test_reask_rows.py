"""The change of each row follows from the row of a new run at the same place; rows without one keep their values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from qgis.core import QgsFeature, QgsField, QgsGeometry, QgsProject, QgsRectangle, QgsVectorLayer

from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.geo.transforms import transform_between
from rsgpt_plugin.services.results.added_question import RowChange
from rsgpt_plugin.services.results.reask_request import FEATURES, ROW, TILES, ReaskStep
from rsgpt_plugin.services.results.reask_rows import ReaskOutput, changes
from rsgpt_plugin.services.results.results_layer import ResultsLayer
from rsgpt_plugin.shared.answers.questions import Question, parse_questions
from tests.plugin.corrections import check, correct
from tests.plugin.results import QUESTIONS, fids, results_layer

pytestmark = pytest.mark.usefixtures("qgis_new_project")

NEW = {
    "caption": "a marina",
    "confidence": 0.6,
    "cars": 7,
    "cars_confidence": 0.4,
    "trees": False,
    "trees_confidence": 0.3,
    "status": "answered",
    "model": "rsgpt-7b",
    "prompt": "What is this?",
}


@dataclass
class NewRun:
    """The output of a run, as `rsgpt:describefeatures` (with the ids of the rows) or as tiles."""

    questions: str = QUESTIONS
    crs: str = "EPSG:32611"
    features: list[QgsFeature] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.layer = QgsVectorLayer(f"Polygon?crs={self.crs}", "output", "memory")
        row = QgsField(output_fields([]).field("reason"))
        row.setName(ROW)
        fields = [row, *output_fields(parse_questions(self.questions) if self.questions else [])]
        self.layer.dataProvider().addAttributes(fields)
        self.layer.updateFields()

    def add(self, fid: int = -1, box: QgsRectangle | None = None, **values: Any) -> None:
        feature = QgsFeature(self.layer.fields(), len(self.features) + 1)
        for name, value in {ROW: str(fid), **values}.items():
            feature[name] = value
        if box is not None:
            feature.setGeometry(QgsGeometry.fromRect(box))
        self.features.append(feature)

    def changes(self, layer: QgsVectorLayer, algorithm: str, only: Iterable[int] | None = None) -> list[RowChange]:
        chosen = tuple(fids(layer) if only is None else only)
        step = ReaskStep(algorithm, {}, chosen, self.layer)
        found = changes(layer, step, ReaskOutput(self.layer, self.features), QgsProject.instance())
        return sorted(found, key=lambda change: change.fid)


def box_of(layer: QgsVectorLayer, fid: int) -> QgsRectangle:
    return layer.getFeature(fid).geometry().boundingBox()


def test_the_answers_and_the_provenance_of_the_new_run_replace_those_of_the_row() -> None:
    layer, run = results_layer(["a harbour"]), NewRun()
    (fid,) = fids(layer)
    run.add(fid, **NEW)
    (change,) = run.changes(layer, FEATURES)
    assert (change.fid, change.problem) == (fid, "")
    assert {name: change.values[name] for name in NEW} == NEW
    assert change.values["reason"] is None


def test_columns_that_the_layer_lacks_are_left_out() -> None:
    layer, run = results_layer(["a harbour"]), NewRun("boats[integer]: How many boats?")
    (fid,) = fids(layer)
    run.add(fid, caption="a marina", boats=3, boats_confidence=0.9, status="answered")
    (change,) = run.changes(layer, FEATURES)
    assert change.values["caption"] == "a marina"
    assert set(change.values) <= set(layer.fields().names())
    assert "cars" not in change.values  # it was not asked again


def test_questions_that_the_run_did_not_answer_keep_their_values() -> None:
    layer, run = results_layer(["a harbour"]), NewRun()
    (fid,) = fids(layer)
    run.add(fid, cars=7, cars_confidence=0.4, status="partial", reason="caption: overloaded")
    (change,) = run.changes(layer, FEATURES)
    assert "caption" not in change.values
    assert "trees" not in change.values
    assert (change.values["cars"], change.values["status"]) == (7, "partial")


def test_the_part_that_answered_is_updated_for_the_questions_asked_again_and_kept_for_the_others() -> None:
    layer, run = results_layer(["a harbour"]), NewRun()
    (fid,) = fids(layer)
    number = layer.fields().lookupField("answered_by")
    parts = "caption: language model; cars: finder; trees: classifier"
    layer.dataProvider().changeAttributeValues({fid: {number: parts}})
    run.add(fid, cars=7, cars_confidence=0.4, status="partial", answered_by="cars: language model; trees: finder")
    (change,) = run.changes(layer, FEATURES)
    assert change.values["answered_by"] == "caption: language model; cars: language model; trees: classifier"


@pytest.mark.parametrize(
    ("status", "confidence", "is_emptied"),
    [("unsure", None, True), ("partial", 0.2, True), ("partial", None, False)],
)
def test_an_answer_that_the_model_now_doubts_is_removed(
    status: str, confidence: float | None, is_emptied: bool
) -> None:
    layer, run = results_layer(["a harbour"]), NewRun()
    (fid,) = fids(layer)
    run.add(fid, cars_confidence=confidence, status=status, reason="cars: the model cannot tell")
    (change,) = run.changes(layer, FEATURES)
    assert ("cars" in change.values) is is_emptied
    assert change.values.get("cars") is None
    assert "caption" not in change.values  # a caption is never removed
    assert (change.values["status"], change.values["reason"]) == (status, "cars: the model cannot tell")


REFUSED = "cars: rsgpt-small cannot tell a reason from a picture"
REFUSED_RUN = {"model": "rsgpt-small", "prompt": "cars[text]: Why are there cars?\ntrees[yesno]: Are there trees?"}


def test_a_question_that_is_refused_now_keeps_its_answer() -> None:
    layer, run = results_layer(["a harbour"]), NewRun("cars[text]: Why are there cars?")
    (fid,) = fids(layer)
    run.add(fid, status="unsure", reason=REFUSED, **REFUSED_RUN)
    assert run.changes(layer, FEATURES) == [RowChange(fid, {}, REFUSED)]


def test_a_refused_question_keeps_its_answer_beside_a_doubted_one() -> None:
    layer, run = results_layer(["a harbour"]), NewRun()
    (fid,) = fids(layer)
    run.add(fid, status="unsure", reason=f"{REFUSED}; trees: the model cannot tell", **REFUSED_RUN)
    (change,) = run.changes(layer, FEATURES)
    assert "cars" not in change.values
    assert (change.values["trees"], change.values["status"]) == (None, "partial")


@pytest.mark.parametrize("status", ["failed", "skipped"])
def test_an_answered_row_is_kept_if_the_new_run_failed(status: str) -> None:
    layer, run = results_layer(["a harbour"]), NewRun()
    (fid,) = fids(layer)
    run.add(fid, status=status, reason="caption: overloaded")
    assert run.changes(layer, FEATURES) == [RowChange(fid, {}, "caption: overloaded")]


def test_a_failed_row_gets_the_new_reason() -> None:
    layer, run = results_layer([None]), NewRun()
    (fid,) = fids(layer)
    layer.dataProvider().changeAttributeValues({fid: {layer.fields().indexOf("status"): "failed"}})
    run.add(fid, status="failed", reason="caption: overloaded")
    (change,) = run.changes(layer, FEATURES)
    assert (change.problem, change.values["status"], change.values["reason"]) == ("", "failed", "caption: overloaded")


def test_a_corrected_value_stays_and_the_model_s_answer_is_updated() -> None:
    layer, run = results_layer(["a harbour"]), NewRun()
    (fid,) = fids(layer)
    correct(layer, fid, "cars", 12)
    run.add(fid, **NEW)
    (change,) = run.changes(layer, FEATURES)
    assert (change.values["cars_model"], change.values["cars_confidence"]) == (7, 0.4)
    assert "cars" not in change.values
    assert change.values["caption"] == "a marina"


def test_another_answer_ends_the_mark_of_a_right_one() -> None:
    layer, run = results_layer(["a marina"]), NewRun()
    (fid,) = fids(layer)
    check(layer, fid, "cars")
    check(layer, fid, "caption")
    run.add(fid, **NEW)
    (change,) = run.changes(layer, FEATURES)
    assert (change.values["cars"], change.values["checked"]) == (7, "caption")  # the caption is the same


def test_rows_are_matched_by_their_ids_and_a_missing_one_is_reported() -> None:
    layer, run = results_layer(["a", "b", "c"]), NewRun()
    first, second, third = fids(layer)
    run.add(third, caption="new c", status="answered")
    run.add(first, caption="new a", status="answered")
    found = run.changes(layer, FEATURES)
    assert [change.values.get("caption") for change in found] == ["new a", None, "new c"]
    assert found[1] == RowChange(second, {}, "the raster has no tile at this location")


def test_only_the_rows_of_the_step_are_changed() -> None:
    layer, run = results_layer(["a", "b"]), NewRun()
    for fid in fids(layer):
        run.add(fid, caption="new", status="answered")
    assert [change.fid for change in run.changes(layer, FEATURES, [fids(layer)[1]])] == [fids(layer)[1]]


def test_more_rows_than_one_batch_are_all_changed() -> None:
    layer, run = results_layer(["a"] * 250), NewRun("")
    for fid in fids(layer):
        run.add(fid, caption=f"new {fid}", status="answered")
    found = run.changes(layer, FEATURES)
    assert [change.values["caption"] for change in found] == [f"new {fid}" for fid in fids(layer)]


def test_tiles_are_matched_by_their_centers_and_not_by_their_neighbors() -> None:
    layer, run = results_layer(["a", "b"]), NewRun()
    first, second = fids(layer)
    neighbor, own = box_of(layer, second), box_of(layer, second)
    neighbor.setXMinimum(neighbor.xMinimum() + 4)  # its center is 2 m away, of a tile of 16 m
    run.add(box=neighbor, caption="neighbor", status="answered")
    own.setXMinimum(own.xMinimum() + 0.2)
    run.add(box=own, caption="new b", status="answered")
    found = run.changes(layer, TILES)
    assert found[0] == RowChange(first, {}, "the raster has no tile at this location")
    assert found[1].values["caption"] == "new b"


def test_tiles_in_another_crs_are_matched() -> None:
    layer = results_layer(["a"])
    degrees = NewRun(crs="EPSG:4326")
    center = QgsGeometry.fromPointXY(box_of(layer, fids(layer)[0]).center())
    center.transform(transform_between(layer.crs(), degrees.layer.crs(), QgsProject.instance().transformContext()))
    degrees.add(
        box=QgsRectangle.fromCenterAndSize(center.asPoint(), 0.0002, 0.0002), caption="new a", status="answered"
    )
    (change,) = degrees.changes(layer, TILES)
    assert change.values["caption"] == "new a"


def test_an_error_in_one_row_is_reported_for_that_row_only() -> None:
    layer, run = results_layer(["a", "b"]), NewRun()
    first, second = fids(layer)
    run.features.append(QgsFeature(QgsVectorLayer(f"Point?field={ROW}:string", "odd", "memory").fields()))
    run.features[0][ROW] = str(first)
    run.add(second, caption="new b", status="answered")
    found = run.changes(layer, FEATURES)
    assert found[0].values == {}
    assert found[0].problem.startswith("Unexpected error KeyError")
    assert found[1].values["caption"] == "new b"


@pytest.mark.parametrize(
    ("question", "column", "value", "prompt", "text"),
    [
        (None, "caption", "boats", "What is this?", "What is this?"),
        (Question("answer", "How many?"), "answer", "two", "answer[text]: How many boats?", "How many boats?"),
    ],
)
def test_a_click_gets_the_new_answer_and_the_new_question(
    question: Question | None, column: str, value: str, prompt: str, text: str
) -> None:
    old = QgsFeature(output_fields([question] if question else []))
    old.setGeometry(QgsGeometry.fromRect(QgsRectangle(500000, 3999980, 500016, 3999996)))
    old["prompt"], old["status"], old[column] = "Old?", "answered", "old"
    clicks = ResultsLayer(QgsProject.instance())
    run = NewRun(question.line if question else "")
    clicks.add(old, run.layer.crs(), question)
    layer = clicks.layer()
    assert layer is not None
    (fid,) = fids(layer)
    run.add(fid, status="answered", prompt=prompt, **{column: value})
    (change,) = run.changes(layer, FEATURES)
    assert (change.values["answer"], change.values["question"], change.values["prompt"]) == (value, text, prompt)
