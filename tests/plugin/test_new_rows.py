"""An added answer type and an added column, from the question to the map, the table and the exports."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import QMetaType, QModelIndex
from qgis.PyQt.QtWidgets import QDoubleSpinBox, QStyleOptionViewItem, QWidget

from rsgpt_plugin.geo.results.column_roles import result_columns
from rsgpt_plugin.geo.results.display_values import Kind, display_text, shown_columns
from rsgpt_plugin.geo.results.layer_rows import RowReader
from rsgpt_plugin.geo.results.schema import attributes, output_fields
from rsgpt_plugin.geo.results.styles.style import apply_style
from rsgpt_plugin.gui.answer_type_box import AnswerTypeBox
from rsgpt_plugin.gui.results_table.cells import AnswerCell
from rsgpt_plugin.processing.describefeatures import DescribeFeatures
from rsgpt_plugin.processing.describeraster import DescribeRaster
from rsgpt_plugin.services.results import exporting
from rsgpt_plugin.services.results.exporting import ExportDestination, ExportFormat
from rsgpt_plugin.services.results.reask_request import ReaskStep
from rsgpt_plugin.services.results.reask_rows import ReaskOutput, changes
from rsgpt_plugin.shared.answers.questions import parse_questions
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer
from rsgpt_plugin.shared.results.rows import answered_row
from tests.new_rows import LINE, SHARE, add_rows
from tests.plugin.corrections import correct
from tests.plugin.results import keep_pictures, sha256_of
from tests.plugin.waiting import wait_until

pytestmark = pytest.mark.usefixtures("qgis_new_project", "added_rows")


@pytest.fixture
def added_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    add_rows(monkeypatch)


@pytest.fixture
def layer() -> QgsVectorLayer:
    """A results layer with one row that has an answer of the new type and a value in the new column."""
    questions = parse_questions(LINE)
    results = QgsVectorLayer("Polygon?crs=EPSG:32611", "answers", "memory")
    results.dataProvider().addAttributes(output_fields(questions))
    results.updateFields()
    provenance = {"orbit": "X7", "image_sha256": sha256_of(0), "prompt": LINE}
    row = QgsFeature(results.fields())
    row.setGeometry(QgsGeometry.fromRect(QgsRectangle(500000, 3999980, 500016, 3999996)))
    row.setAttributes(attributes(questions, answered_row(questions, [RawAnswer("40%", 0.9)], 0.0, provenance)))
    results.dataProvider().addFeatures([row])
    return QgsProject.instance().addMapLayer(results)


def only_row(layer: QgsVectorLayer) -> QgsFeature:
    (row,) = layer.getFeatures()
    return row


def test_new_fields_have_types_and_values(layer: QgsVectorLayer) -> None:
    types = [layer.fields().field(name).type() for name in ("green", "orbit")]
    assert types == [QMetaType.Type.Double, QMetaType.Type.QString]
    row = only_row(layer)
    assert (row["green"], row["green_confidence"], row["status"], row["orbit"]) == (0.4, 0.9, "answered", "X7")


def test_help_texts_and_the_type_list_have_the_new_entries() -> None:
    for algorithm in (DescribeRaster(), DescribeFeatures()):
        text = algorithm.shortHelpString()
        assert "choice(a|b|c), share" in text
        assert "orbit: orbit of the satellite" in text
    kinds = AnswerTypeBox()
    kinds.choose(SHARE)
    assert kinds.currentText() == "Share of the area"
    assert (kinds.question("How much?", "").type, kinds.is_choice()) == (SHARE, False)


def test_the_form_shows_the_new_columns(layer: QgsVectorLayer) -> None:
    apply_style(layer)
    form, index = layer.editFormConfig(), layer.fields().indexOf
    assert layer.attributeAlias(index("orbit")) == "Orbit number"
    assert (form.readOnly(index("orbit")), form.readOnly(index("green"))) == (True, False)
    (provenance,) = [group for group in form.tabs()[0].children() if group.name() == "Provenance"]
    assert "orbit" in [field.name() for field in provenance.children()]


def test_the_table_shows_edits_and_corrects_the_new_column(layer: QgsVectorLayer) -> None:
    assert result_columns(layer).known["orbit"] == "orbit"
    (green,) = [column for column in shown_columns(layer) if column.name == "green"]
    assert (green.kind, green.editable, display_text(0.4, green.kind)) == (Kind.DECIMAL, True, "0.4")
    assert RowReader(layer).row(only_row(layer)).values[RowReader(layer).columns.index(green)] == 0.4
    parent = QWidget()
    editor = AnswerCell(green).createEditor(parent, QStyleOptionViewItem(), QModelIndex())
    assert isinstance(editor, QDoubleSpinBox)
    editor.setValue(0.123456)
    assert editor.value() == pytest.approx(0.123456)
    assert correct(layer, only_row(layer).id(), "green", 0.5)
    assert (only_row(layer)["green"], only_row(layer)["green_model"]) == (0.5, 0.4)


def test_exports_have_the_new_columns(layer: QgsVectorLayer, tmp_path: Path) -> None:
    keep_pictures([0])
    reader = RowReader(layer)
    for kind, name in ((ExportFormat.GEOPACKAGE, "a.gpkg"), (ExportFormat.DATASET, "set")):
        messages: list[str] = []
        rows = [reader.row(only_row(layer))]
        task = exporting.export(layer, reader.columns, rows, ExportDestination(kind, tmp_path / name))
        task.done.connect(messages.append)
        task.failed.connect(lambda message, details, messages=messages: messages.append(message))
        task.start()
        wait_until(partial(bool, messages))
    (written,) = QgsVectorLayer(str(tmp_path / "a.gpkg"), "a").getFeatures()
    assert (written["green"], written["orbit"]) == (0.4, "X7")
    (entry,) = json.loads((tmp_path / "set" / "questions.json").read_text("utf-8"))
    assert entry["qa_pairs"] == [{"question": "How much of it is green?", "answer": "0.4", "type": "area"}]


def test_asking_again_updates_the_new_columns(layer: QgsVectorLayer) -> None:
    answered = layer.clone()
    row = only_row(layer)
    step = ReaskStep("rsgpt:describeraster", {}, (row.id(),), layer)
    layer.dataProvider().changeAttributeValues({row.id(): {layer.fields().indexOf("orbit"): "old"}})
    (change,) = changes(layer, step, ReaskOutput(answered, [row]), QgsProject.instance())
    assert (change.values["green"], change.values["orbit"]) == (0.4, "X7")
