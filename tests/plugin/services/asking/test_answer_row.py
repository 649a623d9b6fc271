"""An answer in the panel becomes a row like those of the algorithm: geometry, answer, status, and provenance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from qgis.core import NULL, QgsCoordinateReferenceSystem, QgsFeature, QgsProject

from rsgpt_plugin.core.conversation_history import CapturedView, ConversationMessage
from rsgpt_plugin.core.paths import plugin_version
from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.services.asking.answer_row import add_to_results
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.questions import Question

WATER = Question("answer", "Is there water?", AnswerType.YESNO)
CARS = Question("answer", "How many cars?", AnswerType.INTEGER)
CAPTION = ConversationMessage("Describe this image.", "", "boats", 0.7, model="rsgpt-small")


@pytest.fixture
def view(project: QgsProject) -> CapturedView:
    return CapturedView(
        layer_id="ortho_1",
        layer_name="ortho",
        crs_wkt=project.crs().toWkt(),
        extent=(500_000.0, 4_999_900.0, 500_150.0, 5_000_000.0),
        image_sha256="ab" * 32,
        original=(300, 200),
        sent=(300, 200),
        gsd_m=0.5,
        bands="1,2,3",
        stretch="none",
    )


def added(view: CapturedView, message: ConversationMessage) -> QgsFeature:
    """Add a message and return the last row of the results layer."""
    add_to_results(QgsProject.instance(), view, message)
    (layer,) = QgsProject.instance().mapLayersByName("RSGPT answers")
    return list(layer.getFeatures())[-1]


def cell(row: QgsFeature, name: str) -> Any:
    return None if row[name] == NULL else row[name]


@pytest.mark.parametrize(
    ("message", "answer", "question"),
    [
        (ConversationMessage("Is there water?", WATER.line, "yes", 0.7), "yes", "Is there water?"),
        (ConversationMessage("How many cars?", CARS.line, "12", 0.7), "12", "How many cars?"),
        (CAPTION, "boats", "Describe this image."),
    ],
)
def test_an_answer_becomes_a_row_of_the_results_layer(
    view: CapturedView, message: ConversationMessage, answer: str, question: str
) -> None:
    row = added(view, message)
    assert (row["answer"], row["question"], row["confidence"]) == (answer, question, 0.7)
    assert (row["status"], row["image_sha256"], cell(row, "reason")) == ("answered", view.image_sha256, None)
    assert row.geometry().boundingBox().toString(0) == "500000,4999900 : 500150,5000000"


def test_the_row_records_how_the_answer_was_made(view: CapturedView) -> None:
    message = replace(
        CAPTION, weights_sha256="cd" * 32, fingerprint="ef" * 16, asked_at="2026-02-03T04:05:06.789+00:00"
    )
    row = added(view, message)
    expected = {
        "model": "rsgpt-small",
        "weights_sha256": "cd" * 32,
        "model_fingerprint": "ef" * 16,
        "bands": "1,2,3",
        "stretch": "none",
        "gsd_m": 0.5,
        "prompt": "Describe this image.",
        "plugin_version": plugin_version(),
    }
    assert {name: row[name] for name in expected} == expected
    assert row["asked_at"].toUTC().toString("yyyy-MM-ddTHH:mm:ss.zzz") == "2026-02-03T04:05:06.789"


def test_the_row_says_which_part_of_the_model_answered(view: CapturedView) -> None:
    message = ConversationMessage(WATER.text, WATER.line, "yes", 0.7, answered_by="classifier")
    assert added(view, message)["answered_by"] == f"{WATER.name}: classifier"


def test_the_prompt_of_a_question_names_its_type(view: CapturedView) -> None:
    assert added(view, ConversationMessage(WATER.text, WATER.line, "yes", 0.7))["prompt"] == WATER.line


def test_an_unknown_ground_resolution_is_left_empty(view: CapturedView) -> None:
    assert cell(added(replace(view, gsd_m=0.0), CAPTION), "gsd_m") is None


@pytest.mark.parametrize(
    ("answer", "problem", "status", "stored"),
    [
        ("", "I can't tell ('yes' would be 20 % sure)", "unsure", None),
        ("perhaps so", "", "unsure", None),
        ("yes", "Stopped.", "partial", "yes"),
    ],
)
def test_a_missing_or_incomplete_answer_has_its_status_and_reason(
    view: CapturedView, answer: str, problem: str, status: str, stored: str | None
) -> None:
    row = added(view, ConversationMessage(WATER.text, WATER.line, answer, 0.2, problem))
    assert (row["status"], cell(row, "reason"), cell(row, "answer")) == (status, problem or None, stored)


def test_a_doubtful_answer_is_complete(view: CapturedView) -> None:
    row = added(view, ConversationMessage(WATER.text, WATER.line, "yes", 0.2, doubt="20 m per pixel is coarse"))
    assert (row["status"], row["reason"], row["answer"]) == ("answered", "20 m per pixel is coarse", "yes")


def test_answers_of_several_messages_are_rows_of_one_layer(view: CapturedView) -> None:
    added(view, CAPTION)
    added(view, ConversationMessage(WATER.text, WATER.line, "no", 0.7))
    (layer,) = QgsProject.instance().mapLayersByName("RSGPT answers")
    assert [row["answer"] for row in layer.getFeatures()] == ["boats", "no"]


def test_a_picture_in_another_crs_is_placed_in_the_crs_of_the_layer(view: CapturedView) -> None:
    degrees = QgsCoordinateReferenceSystem("EPSG:4326")
    box = added(replace(view, crs_wkt=degrees.toWkt(), extent=(15.0, 45.0, 15.001, 45.001)), CAPTION).geometry()
    assert box.boundingBox().xMinimum() == pytest.approx(500_000, abs=1)


def test_a_picture_without_a_location_in_the_layer_is_reported(view: CapturedView) -> None:
    degrees = QgsCoordinateReferenceSystem("EPSG:4326")
    with pytest.raises(OutputError, match="has no location in the coordinate system"):
        add_to_results(
            QgsProject.instance(),
            replace(view, crs_wkt=degrees.toWkt(), extent=(0.0, 95.0, 1.0, 96.0)),
            CAPTION,
        )
