"""The shown columns of a results layer, and their values as text."""

from __future__ import annotations

from typing import Any

import pytest
from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

from rsgpt_plugin.geo.results.display_values import (
    CONFIDENCE_LEVELS,
    Kind,
    confidence_level,
    display_text,
    shown_columns,
)
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.geo.results.styles.style import STYLE_FILE
from rsgpt_plugin.services.results.results_layer import ResultsLayer
from rsgpt_plugin.shared.answers.questions import parse_questions
from tests.plugin.results import results_layer


def test_answers_are_shown_first_and_provenance_is_left_out(qgis_new_project: None) -> None:
    columns = shown_columns(results_layer(["a"]))
    assert [(column.name, column.kind, column.editable) for column in columns] == [
        ("caption", Kind.TEXT, True),
        ("cars", Kind.WHOLE, True),
        ("trees", Kind.YESNO, True),
        ("confidence", Kind.CONFIDENCE, False),
        ("status", Kind.STATUS, False),
    ]


def test_columns_of_features_are_shown_last(qgis_app: Any) -> None:
    layer = QgsVectorLayer("Polygon?crs=EPSG:32611&field=owner:string&field=model:string", "parcels", "memory")
    provenance = output_fields(parse_questions("pool[yesno]: Is there a pool?"))
    provenance.rename(provenance.indexOf("model"), "model_2")  # as Processing does for columns of the same name
    layer.dataProvider().addAttributes(provenance)
    layer.updateFields()
    assert [column.name for column in shown_columns(layer)][-2:] == ["owner", "model"]


def test_the_layer_of_clicks_shows_question_and_answer(qgis_new_project: None) -> None:
    layer = ResultsLayer(QgsProject.instance())._create(QgsProject.instance().crs())
    assert [(c.label, c.editable) for c in shown_columns(layer)][:3] == [
        ("Question", False), ("Answer", True), ("Confidence", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, Kind.WHOLE, ""), (True, Kind.YESNO, "yes"), (False, Kind.YESNO, "no"), (0, Kind.WHOLE, "0"),
        (0.824, Kind.CONFIDENCE, "82 %"), ("partial", Kind.STATUS, "partly answered"), ("new", Kind.STATUS, "new"),
        (0.1 + 0.2, Kind.WHOLE, "0.3"), (QDate(1998, 2, 3), Kind.TEXT, "1998-02-03"),
        (QTime(8, 30), Kind.TEXT, "08:30:00"),
        (QDateTime(QDate(1998, 2, 3), QTime(8, 30), Qt.TimeSpec.UTC), Kind.TEXT, "1998-02-03T08:30:00Z"),
    ],
)  # fmt: skip
def test_values_are_shown_as_text(value: Any, kind: Kind, text: str) -> None:
    assert display_text(value, kind) == text


def test_the_confidence_levels_are_those_of_the_style() -> None:
    style = STYLE_FILE.read_text("utf-8")
    for minimum, name, color in CONFIDENCE_LEVELS:
        red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
        assert f'name="line_color" value="{red},{green},{blue},255"' in style
        assert name.capitalize() in style
        assert confidence_level(minimum + 0.01) == (name, color)
        assert not minimum or f"&gt;= {minimum}" in style


def test_the_label_of_a_column_is_its_alias(qgis_new_project: None) -> None:
    layer = results_layer(["a"])
    layer.setFieldAlias(layer.fields().indexOf("cars"), "Number of cars")
    assert [column.label for column in shown_columns(layer)][:2] == ["Caption", "Number of cars"]
