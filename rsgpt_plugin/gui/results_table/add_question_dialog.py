"""The dialog of “Add a question…”: a question that the rows get as a new column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from qgis.core import Qgis, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.gui import QgsMapLayerComboBox
from qgis.PyQt.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QWidget

from ...errors import QuestionError
from ...geo.results.layer_rows import LayerRow
from ...services.asking.known_questions import chosen_limits
from ...services.results.added_question import name_problem, unasked
from ...services.results.reask_request import ReaskRequest, recorded_raster
from ...shared.answers.questions import Question, parse_questions
from ..widgets import text_label


class AddQuestionDialog(QDialog):
    """Can be accepted only while `rows()` and `request()` are valid."""

    def __init__(
        self,
        layer: QgsVectorLayer,
        groups: Sequence[tuple[str, Sequence[LayerRow]]],
        model: str,
        parent: Optional[QWidget] = None,
    ) -> None:
        """groups: the rows to choose from with their labels; the last one holds all rows. model: that is asked."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("Add a question"))
        self._layer = layer
        self._model = model
        self._groups = [rows for _, rows in groups]
        self.question = QLineEdit()  # the only place where the question is entered
        self.question.setPlaceholderText(self.tr("pool[yesno]: Is there a swimming pool?"))
        self.which = QComboBox()
        self.which.addItems([f"{label} ({len(rows)})" for label, rows in groups])
        self.raster = QgsMapLayerComboBox()
        self.raster.setFilters(Qgis.LayerFilter.RasterLayer)
        recorded = recorded_raster(layer, QgsProject.instance())
        if recorded is not None:
            self.raster.setLayer(recorded)
        self.hint, self.problem = text_label(), text_label()
        roles = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(roles.Ok | roles.Cancel)
        self._lay_out()
        self._update()
        layer.willBeDeleted.connect(self._on_layer_deleted)

    def rows(self) -> list[LayerRow]:
        """Return the rows to ask: those of the chosen group without an answer to this question."""
        question, rows = self._parsed()[0], self._groups[self.which.currentIndex()]
        return unasked(self._layer, rows, question) if question is not None else list(rows)

    def request(self) -> Optional[ReaskRequest]:
        """Return the raster, the model and the question; None if there is no valid question."""
        question, raster = self._parsed()[0], self.raster.currentLayer()
        if question is None or not isinstance(raster, QgsRasterLayer):
            return None
        return ReaskRequest.adding(raster, self._model, question)

    def _parsed(self) -> tuple[Optional[Question], str]:
        """Return the question, or None and what is wrong."""
        try:
            questions = parse_questions(self.question.text())
        except QuestionError as error:
            return None, str(error)
        if len(questions) != 1:
            return None, self.tr("Enter a question, for example “pool[yesno]: Is there a swimming pool?”.")
        limits = chosen_limits(self._model)
        problem = name_problem(self._layer, self._groups[-1], questions[0])
        problem = problem or (limits.refusal(questions[0]) if limits is not None else "")
        return (None, problem) if problem else (questions[0], "")

    def _on_layer_deleted(self) -> None:
        self.raster.blockSignals(True)  # still alive after reject(), it would report the removed layers
        self.reject()

    def _lay_out(self) -> None:
        self.setMinimumWidth(460)
        layout = QFormLayout(self)
        layout.addRow(self.tr("Question"), self.question)
        layout.addRow(self.tr("Rows"), self.which)
        layout.addRow(self.tr("Raster"), self.raster)
        layout.addRow(self.hint)
        layout.addRow(self.problem)
        layout.addRow(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        for signal in (self.question.textChanged, self.which.currentIndexChanged, self.raster.layerChanged):
            signal.connect(lambda value: self._update())

    def _update(self) -> None:
        problem, rows = self._parsed()[1], self.rows()
        if not problem and not isinstance(self.raster.currentLayer(), QgsRasterLayer):
            problem = self.tr("Choose the raster layer that the rows refer to.")
        if not problem and not rows:
            problem = self.tr("All these rows have an answer to this question.")
        text = self.tr("Rows to ask: {count}, with {model}. The other answers of the rows stay.")
        self.hint.setText(text.format(count=len(rows), model=self._model))
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not problem)
