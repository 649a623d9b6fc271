"""The columns of results and their values."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)

from rsgpt_plugin.geo.results.schema import attributes, output_fields
from rsgpt_plugin.shared.answers.questions import parse_questions
from rsgpt_plugin.shared.answers.typed_answers import TypedAnswer
from rsgpt_plugin.shared.results.columns import reserved_names
from rsgpt_plugin.shared.results.rows import RowValues, Status

QUESTIONS = parse_questions("what[text]: a\nwater[yesno]: b\ncars[integer]: c\nuse[choice(x|y)]: d")
PROVENANCE = [
    "status", "reason", "model", "weights_sha256", "model_fingerprint", "answered_by", "prompt", "image_sha256",
    "gsd_m", "bands", "stretch",
    "asked_at", "plugin_version",
]  # fmt: skip


def test_the_column_names_are_stable() -> None:
    answers = [name for q in QUESTIONS for name in (q.name, f"{q.name}_confidence")]
    names = [field.name() for field in output_fields(QUESTIONS)]
    assert names == ["caption", "confidence", *answers, *PROVENANCE]


def test_column_names_of_results_are_reserved() -> None:
    assert set(output_fields([]).names()) <= reserved_names()


def test_a_geopackage_keeps_values_and_types(tmp_path: Path) -> None:
    row = RowValues(
        Status.PARTIAL,
        "use: unsure",
        TypedAnswer('it\'s "odd" <b>城市</b>', 0.75),
        {"what": TypedAnswer("grass", 0.5), "water": TypedAnswer(False, 0.9), "cars": TypedAnswer(12, 0.4)},
        {"model": "m", "gsd_m": 0.3, "asked_at": "2024-05-06T07:08:09.123+00:00"},
    )
    path = str(tmp_path / "a.gpkg")
    writer = QgsVectorFileWriter.create(
        path,
        output_fields(QUESTIONS),
        QgsWkbTypes.Type.NoGeometry,
        QgsCoordinateReferenceSystem(),
        QgsCoordinateTransformContext(),
        QgsVectorFileWriter.SaveVectorOptions(),
    )
    feature = QgsFeature()
    feature.setAttributes(attributes(QUESTIONS, row))
    assert writer.addFeature(feature)
    del writer
    (read,) = QgsVectorLayer(path, "a").getFeatures()
    assert read["caption"] == 'it\'s "odd" <b>城市</b>'
    assert (read["confidence"], read["what"], read["water"], read["cars"]) == (0.75, "grass", False, 12)
    assert type(read["water"]) is bool
    assert read["use"] is None or read["use"].isNull()
    assert (read["status"], read["reason"], read["gsd_m"]) == ("partial", "use: unsure", 0.3)
    assert read["asked_at"].toUTC().toString("yyyy-MM-dd HH:mm:ss.zzz") == "2024-05-06 07:08:09.123"


def test_without_a_caption_the_confidence_is_that_of_the_least_certain_answer() -> None:
    row = RowValues(Status.ANSWERED, answers={"what": TypedAnswer("x", 0.9), "water": TypedAnswer(True, 0.6)})
    assert attributes(QUESTIONS, row)[:2] == [None, 0.6]
