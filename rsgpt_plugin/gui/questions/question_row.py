"""One question as a group of widgets: name of the column, answer type, question and choices."""

from __future__ import annotations

import re
from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent, QValidator
from qgis.PyQt.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from ...shared.answers.questions import MAX_NAME_LENGTH, Question
from ..answer_type_box import AnswerTypeBox, choices_text
from ..widgets import text_label

_NAME_CHARACTERS = 15
_LEAST_CHARACTERS = 6  # that name and answer type show in a narrow window


class QuestionRow(QWidget):
    """changed: after each edit. entered: the Return key. moved: -1 up, 1 down. removed: the button was clicked."""

    changed = pyqtSignal()
    entered = pyqtSignal()
    moved = pyqtSignal(int)
    removed = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.name = QLineEdit()
        self.name.setToolTip(self.tr("Name of the column for the answers"))
        self.name.setValidator(NameValidator(self))
        self.kind = AnswerTypeBox()
        self.kind.setToolTip(self.tr("Answer type"))
        self.text = QLineEdit()
        self.text.setPlaceholderText(self.tr("Question"))
        self.choices = QLineEdit()
        self.choices.setPlaceholderText(self.tr("Choices, separated by |"))
        self.problem = text_label()
        self.warning = QLabel()
        self.up = self._button("/mActionArrowUp.svg", self.tr("Move up"))
        self.down = self._button("/mActionArrowDown.svg", self.tr("Move down"))
        self.remove = self._button("/symbologyRemove.svg", self.tr("Remove"))
        self._lay_out()
        self._connect()
        self._update()
        self.show_check("", "")

    def part(self) -> str:
        """Return the row as a question line, "" if nothing is entered in it."""
        text, name, choices = (" ".join(box.text().splitlines()) for box in (self.text, self.name, self.choices))
        choices = choices if self.kind.is_choice() else ""
        if not text.strip() and not name and not choices.strip():
            return ""
        kind = self.kind.kind().name
        typed = f"{kind}({choices.strip()})" if self.kind.is_choice() else kind
        return f"{name}[{typed}]: {text.strip()}"

    def tab_order(self) -> list[QWidget]:
        """Return the widgets in the order of the Tab key."""
        return [self.name, self.kind, self.text, self.choices, self.up, self.down, self.remove]

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()  # would accept the dialog otherwise
        else:
            super().keyPressEvent(event)

    def show_question(self, question: Question) -> None:
        """Fill in the widgets, without a signal."""
        self.blockSignals(True)
        self.name.setText(question.name)
        self.kind.choose(question.type)
        self.choices.setText(choices_text(question.choices))
        self.text.setText(question.text)
        self.text.setCursorPosition(0)  # so that its beginning is visible
        self.blockSignals(False)
        self._update()

    def show_check(self, problem: str, default_name: str) -> None:
        """Show a problem, "" for none, and the name that the column gets if the user enters none."""
        if problem and not self.text.text().strip():
            problem = self.tr("Enter a question.")
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.warning.setVisible(bool(problem))
        self.name.setPlaceholderText(default_name)

    def _button(self, icon: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(QgsApplication.getThemeIcon(icon))
        button.setToolTip(tip)
        button.setAutoRaise(True)
        return button

    def _lay_out(self) -> None:
        first, last = QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.name, 1)
        first.addWidget(self.kind, 1)
        first.addStretch()
        for button in (self.up, self.down, self.remove):
            first.addWidget(button)
        self._limit_widths()
        side = self.fontMetrics().height()
        self.warning.setPixmap(QgsApplication.getThemeIcon("/mIconWarning.svg").pixmap(QSize(side, side)))
        last.addWidget(self.warning, 0, Qt.AlignmentFlag.AlignTop)
        last.addWidget(self.problem, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(first)
        layout.addWidget(self.text)
        layout.addWidget(self.choices)
        layout.addLayout(last)

    def _limit_widths(self) -> None:
        character, border = self.fontMetrics().averageCharWidth(), self.name.sizeHint().height()
        self.name.setMinimumWidth(_LEAST_CHARACTERS * character + border)
        self.name.setMaximumWidth(_NAME_CHARACTERS * character + border)
        self.kind.setMaximumWidth(self.kind.sizeHint().width())
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.kind.setMinimumContentsLength(_LEAST_CHARACTERS)

    def _connect(self) -> None:
        for signal in (self.name.textEdited, self.text.textChanged, self.choices.textChanged):
            signal.connect(lambda text: self.changed.emit())
        self.kind.currentIndexChanged.connect(self._change_kind)
        self.up.clicked.connect(lambda checked: self.moved.emit(-1))
        self.down.clicked.connect(lambda checked: self.moved.emit(1))
        self.remove.clicked.connect(lambda checked: self.removed.emit())

    def _change_kind(self, index: int) -> None:
        self._update()
        self.changed.emit()

    def _update(self) -> None:
        self.choices.setVisible(self.kind.is_choice())


class NameValidator(QValidator):
    """Leaves out what a column name may not contain, also from a pasted text."""

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Return the name and the position of the cursor in it."""
        return QValidator.State.Acceptable, _name(text), len(_name(text[:position]))


def _name(text: str) -> str:
    return re.sub(r"^\d+", "", re.sub(r"\W", "", text))[:MAX_NAME_LENGTH]
