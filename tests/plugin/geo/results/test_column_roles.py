"""Column roles are found even if a format or Processing changed the names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsField, QgsProject, QgsVectorLayer

from rsgpt_plugin.geo.results.column_roles import Answered, result_columns
from rsgpt_plugin.geo.results.layer_metadata import is_results
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.services.results.results_layer import ResultsLayer
from rsgpt_plugin.shared.answers.questions import parse_questions
from tests.plugin.geo.results.layers import written


def results_layer(questions: str = "", own: str = "", **renamed: str) -> QgsVectorLayer:
    """Return a results layer. own: names of the features' text columns. renamed: new names of results columns."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32611", "answers", "memory")
    fields = output_fields(parse_questions(questions))
    text = fields.field("caption").type()
    for name, new in renamed.items():
        fields.rename(fields.indexOf(name), new)
    layer.dataProvider().addAttributes([*(QgsField(name, text) for name in own.split()), *fields])
    layer.updateFields()
    return layer


def test_questions_are_found_by_their_confidence(qgis_app: Any) -> None:
    columns = result_columns(results_layer("cars[integer]: How many cars?\nIs it wet?"))
    assert columns.questions == (Answered("cars", "cars", "cars_confidence"), Answered("q2", "q2", "q2_confidence"))
    assert columns.known["confidence"] == "confidence"


def test_columns_of_features_are_not_mistaken_for_results(qgis_app: Any) -> None:
    layer = results_layer(
        "cars[integer]: How many?", "owner model caption cars", model="model_2", caption="caption_2", cars="cars_2"
    )
    columns = result_columns(layer)
    assert is_results(layer)
    assert columns.own == ("owner", "model", "caption", "cars")
    assert (columns.text, columns.known["model"]) == ("caption_2", "model_2")
    assert columns.questions == (Answered("cars", "cars_2", "cars_confidence"),)
    assert columns.model_of("caption_2") == "caption_2_model"


def test_truncated_names_of_a_shapefile_are_found(qgis_app: Any, tmp_path: Path) -> None:
    questions = (
        "cars[integer]: How many?\nvegetation_cover: Which?\n"
        "swimming_pool[yesno]: Is there one?\nswimming_pond[yesno]: And here?"
    )
    layer = written(results_layer(questions, "owner"), "ESRI Shapefile", tmp_path)
    columns = result_columns(layer)
    assert is_results(layer)
    assert columns.are_truncated
    assert (columns.own, columns.known["image_sha256"]) == (("owner",), "image_sha2")
    assert [question.asked for question in columns.questions] == ["cars", "vegetation", "swimming_p", "swimming_2"]
    cover = columns.answered("vegetation_cover")
    assert cover is not None
    assert (cover.name, cover.confidence) == ("vegetation", "vegetati_1")
    assert [question.model for question in columns.questions] == [None] * 4
    assert columns.answered("swimming_pond") is None  # ambiguous: it could be swimming_pool
    assert columns.answered("swimming_2") is columns.questions[3]


def test_full_names_are_not_matched_by_prefix(qgis_app: Any) -> None:
    columns = result_columns(results_layer("vegetation[text]: Which?"))
    assert columns.answered("vegetation_cover") is None


def test_the_layer_of_clicks_holds_question_and_answer(qgis_new_project: None) -> None:
    layer = ResultsLayer(QgsProject.instance())._create(QgsProject.instance().crs())
    columns = result_columns(layer)
    assert columns.holds_clicks
    assert columns.text == "answer"
    described = result_columns(results_layer("", "question answer"))  # features with columns of these names
    assert not described.holds_clicks
    assert described.own == ("question", "answer")


def test_model_of_avoids_the_column_of_another_question(qgis_app: Any) -> None:
    columns = result_columns(results_layer("car[text]: a?\ncar_model[text]: b?"))
    assert columns.model_of("car") == "car_model_"
    assert [question.model for question in columns.questions] == [None, None]
