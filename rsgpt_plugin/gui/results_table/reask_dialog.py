"""The dialog of “Ask again…”: rows, raster, model, prompt and questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Optional

from qgis.core import Qgis, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.gui import QgsMapLayerComboBox
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from ...client.installed_models import installed_models
from ...errors import QuestionError
from ...geo.results.column_roles import result_columns
from ...geo.results.layer_metadata import recorded_run
from ...geo.results.layer_rows import LayerRow
from ...services.results.reask_request import ReaskRequest, RowQuestions, recorded_raster, row_questions
from ...shared.results.columns import ANSWER, CAPTION
from ..questions.question_builder import QuestionBuilder
from ..widgets import scroll_area, set_initial_size, text_label

_SELECTED, _UNSURE, _SHOWN = "selected", "unsure", "shown"
_LEAST_LINES = 8  # of text, for the questions


class ReaskDialog(QDialog):
    """Can be accepted only while `rows()` and `request()` are valid."""

    def __init__(
        self,
        layer: QgsVectorLayer,
        selected: Sequence[LayerRow],
        shown: Sequence[LayerRow],
        parent: Optional[QWidget] = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Ask again"))
        self._layer = layer
        self._groups = {_SELECTED: selected, _SHOWN: shown}
        self.which = QComboBox()
        self.threshold = QSpinBox()
        self.raster = QgsMapLayerComboBox()
        self.model = QComboBox()
        self.same = QCheckBox(self.tr("Use the previous prompt and questions of each row"))
        self.prompt = QLineEdit()
        self.questions = QuestionBuilder()
        self.hint, self.problem = text_label(), text_label()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._fill()
        self._lay_out()
        self._update()
        set_initial_size(self, 34, 28)
        layer.willBeDeleted.connect(self._on_layer_deleted)

    def rows(self) -> list[LayerRow]:
        """Return the rows to ask about."""
        chosen = self.which.currentData()
        if chosen != _UNSURE:
            return list(self._groups[chosen])
        threshold = self.threshold.value() / 100
        return [row for row in self._groups[_SHOWN] if row.confidence is None or row.confidence < threshold]

    def request(self) -> ReaskRequest:
        """Return raster, model, prompt and questions."""
        questions = None if self.same.isChecked() else RowQuestions(self.prompt.text().strip(), self.questions.text())
        return ReaskRequest.about(self.raster.currentLayer(), self._model_name(), questions)

    def _on_layer_deleted(self) -> None:
        self.raster.blockSignals(True)  # still alive after reject(), it would report the removed layers
        self.reject()

    def _model_name(self) -> str:
        return self.model.currentText().strip()

    def _fill(self) -> None:
        selected, shown = self._groups[_SELECTED], self._groups[_SHOWN]
        if selected:
            self.which.addItem(self.tr("Selected rows ({count})").format(count=len(selected)), _SELECTED)
        self.which.addItem(self.tr("Rows below a confidence threshold"), _UNSURE)
        self.which.addItem(self.tr("All rows shown ({count})").format(count=len(shown)), _SHOWN)
        self.threshold.setRange(1, 100)
        self.threshold.setSuffix(" %")
        self.threshold.setValue(50)
        self.raster.setFilters(Qgis.LayerFilter.RasterLayer)
        raster = recorded_raster(self._layer, QgsProject.instance())
        if raster is not None:
            self.raster.setLayer(raster)
        self.model.setEditable(True)
        self.model.addItems([model.name for model in installed_models()])
        run = recorded_run(self._layer)
        if run is not None and run.parameters.get("MODEL"):
            self.model.setCurrentText(str(run.parameters["MODEL"]))
        previous = row_questions(next((row.prompt for row in [*selected, *shown] if row.prompt), ""))
        self.prompt.setText(previous.prompt)
        self.questions.show_text(previous.questions)
        self.same.setChecked(True)

    def _lay_out(self) -> None:
        self.setMinimumWidth(460)
        self.prompt.setPlaceholderText(self.tr("No caption"))
        layout = QFormLayout(self)
        layout.addRow(self.tr("Rows"), self.which)
        layout.addRow(self.tr("Confidence below"), self.threshold)
        layout.addRow(self.tr("Raster"), self.raster)
        layout.addRow(self.tr("Model"), self.model)
        layout.addRow(self.same)
        layout.addRow(self.tr("Caption prompt"), self.prompt)
        area = scroll_area(self.questions)
        area.setMinimumHeight(_LEAST_LINES * self.fontMetrics().lineSpacing())
        layout.addRow(self.tr("Questions"), area)
        layout.addRow(self.hint)
        layout.addRow(self.problem)
        layout.addRow(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        for signal in (
            self.which.currentIndexChanged, self.threshold.valueChanged, self.raster.layerChanged,
            self.model.editTextChanged, self.same.toggled, self.prompt.textChanged,
        ):  # fmt: skip
            signal.connect(lambda value: self._update())
        self.questions.changed.connect(self._update)

    def _update(self) -> None:
        self.questions.set_model(self._model_name())
        self.threshold.setEnabled(self.which.currentData() == _UNSURE)
        for widget in (self.prompt, self.questions):
            widget.setEnabled(not self.same.isChecked())
        self.hint.setText(self._hint())
        checks: Sequence[Callable[[], str]] = (self._selection_problem, self._question_problem)
        problem = next((text for text in (check() for check in checks) if text), "")
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not problem)

    def _hint(self) -> str:
        lines = [self.tr("Rows to ask again: {count}.").format(count=len(self.rows()))]
        if self.same.isChecked():
            lines.append(
                self.tr(
                    "The same model always gives the same answer to the same prompt about the same picture. "
                    "To get a different answer, choose another model or change the prompt. Failed rows are "
                    "asked again."
                )
            )
        if recorded_run(self._layer) is None:
            lines.append(
                self.tr(
                    "The settings of the original run are not recorded: each picture is captured again, with "
                    "a small margin."
                )
            )
        return "\n".join(lines)

    def _selection_problem(self) -> str:
        if not self.rows():
            return self.tr("There are no such rows. Choose other rows.")
        if not isinstance(self.raster.currentLayer(), QgsRasterLayer):
            return self.tr("Choose the raster layer that the rows refer to.")
        return "" if self._model_name() else self.tr("Choose a model.")

    def _question_problem(self) -> str:
        if self.same.isChecked():
            return ""
        try:
            questions = self.questions.questions()
        except QuestionError as error:
            return str(error)
        if not questions and not self.prompt.text().strip():
            return self.tr("Enter a prompt or a question.")
        columns = result_columns(self._layer)
        names = [ANSWER] if columns.holds_clicks else [column.asked for column in columns.questions]
        unknown = [
            name
            for name in (question.name for question in questions)
            if name not in names and not columns.answered(name)
        ]
        if unknown:
            sentence = self.tr("The layer has no answer column “{name}”. It has: {names}.")
            return sentence.format(name=unknown[0], names=", ".join(names) or CAPTION)
        return ""
