"""The input for a question: text, answer type and choices, and a menu of questions to choose from."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication
from qgis.gui import QgsFilterLineEdit
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...errors import QuestionError
from ...services.asking.known_questions import chosen_limits, save_questions, saved_questions
from ...shared.answers.questions import Question
from ..answer_type_box import AnswerTypeBox, choices_text
from ..questions.question_menu import QuestionMenu
from ..widgets import text_label


class QuestionBar(QWidget):
    """asked: a Question. failed: why the input is not valid. described: whether a detailed description is wanted."""

    asked = pyqtSignal(object)
    failed = pyqtSignal(str)
    described = pyqtSignal(bool)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.text = QgsFilterLineEdit()
        self.text.setShowSearchIcon(False)
        self.text.setPlaceholderText(self.tr("How many cars are there?"))
        self.saved = QToolButton()
        self.saved.setIcon(QgsApplication.getThemeIcon("/mIconFavorites.svg"))
        self.saved.setToolTip(self.tr("Templates, saved and recent questions"))
        self.saved.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QuestionMenu(self, has_empty=False)
        self.saved.setMenu(self.menu)
        self.kind = AnswerTypeBox()
        self.kind.setToolTip(self.tr("Answer type"))
        self.kind.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.choices = QLineEdit()
        self.choices.setPlaceholderText(self.tr("forest, farmland, town"))
        self.hint = text_label()
        self.ask = QPushButton(self.tr("Ask"))
        self.describe = QPushButton(self.tr("Describe"))
        self.detail = QPushButton(self.tr("Describe in detail"))
        self._lay_out()
        self._connect()
        self._update()

    def set_busy(self, is_busy: bool) -> None:
        """Disable the buttons during a request; the text can still be edited."""
        for button in (self.ask, self.describe, self.detail):
            button.setEnabled(not is_busy)

    def show_question(self, question: Question) -> None:
        """Fill in the widgets with a question."""
        self.text.setText(question.text)
        self.kind.choose(question.type)
        self.choices.setText(choices_text(question.choices))
        self.text.setFocus()

    def _lay_out(self) -> None:
        question, answer, describe = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        question.addWidget(self.text, 1)
        question.addWidget(self.saved)
        answer.addWidget(self.kind, 1)
        answer.addWidget(self.ask)
        describe.addWidget(self.describe)
        describe.addWidget(self.detail, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(question)
        layout.addWidget(self.choices)
        layout.addWidget(self.hint)
        layout.addLayout(answer)
        layout.addLayout(describe)

    def _connect(self) -> None:
        self.text.returnPressed.connect(self._ask)
        self.choices.returnPressed.connect(self._ask)
        self.ask.clicked.connect(lambda checked: self._ask())
        self.describe.clicked.connect(lambda checked: self.described.emit(False))
        self.detail.clicked.connect(lambda checked: self.described.emit(True))
        self.kind.currentIndexChanged.connect(lambda index: self._update())
        self.menu.aboutToShow.connect(self._fill_menu)
        self.menu.chosen.connect(self.show_question)
        for signal in (self.text.textChanged, self.choices.textChanged):
            signal.connect(lambda text: self._update())

    def _update(self) -> None:
        self.choices.setVisible(self.kind.is_choice())
        refusal = self._refusal()
        self.hint.setText(refusal)
        self.hint.setVisible(bool(refusal))

    def _refusal(self) -> str:
        """Return why the model will not answer the question, "" if it may or if the question is not complete."""
        try:
            limits = chosen_limits()
            return limits.refusal(self.kind.question(self.text.text(), self.choices.text())) if limits else ""
        except QuestionError:
            return ""

    def _ask(self) -> None:
        if not self.ask.isEnabled():
            return
        question = self._question()
        if question is not None:
            self.text.selectAll()  # so that the next question can be typed at once
            self.asked.emit(question)

    def _question(self) -> Optional[Question]:
        if not self.text.text().strip():
            self.failed.emit(self.tr("Enter a question."))
            return None
        try:
            return self.kind.question(self.text.text(), self.choices.text())
        except QuestionError as error:
            self.failed.emit(str(error))
            return None

    def _fill_menu(self) -> None:
        """Add the entries about the question in the bar to those of the menu."""
        self.menu.addSeparator()
        is_saved = self.text.text().strip() in {question.text for question in saved_questions()}
        save_entry = self.menu.addAction(self.tr("Save this question"))
        save_entry.setEnabled(bool(self.text.text().strip()) and not is_saved)
        save_entry.triggered.connect(lambda checked: self._save_question())
        remove_entry = self.menu.addAction(self.tr("Remove this question"))
        remove_entry.setEnabled(is_saved)
        remove_entry.triggered.connect(lambda checked: self._remove_question())

    def _save_question(self) -> None:
        question = self._question()
        if question is not None:
            save_questions([*saved_questions(), question])

    def _remove_question(self) -> None:
        save_questions([question for question in saved_questions() if question.text != self.text.text().strip()])
