"""One question as a row of widgets: name of the column, answer type, choices and question."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QRegularExpression, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QRegularExpressionValidator
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ...shared.answers.questions import MAX_NAME_LENGTH, Question
from ...shared.text import one_line
from ..answer_type_box import AnswerTypeBox, choices_text
from ..widgets import text_label

_NAME_CHARACTERS = 11


class QuestionRow(QWidget):
    """changed: after each edit. moved: -1 up, 1 down. removed: the button was clicked."""

    changed = pyqtSignal()
    moved = pyqtSignal(int)
    removed = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.name = QLineEdit()
        self.name.setToolTip(self.tr("Name of the column for the answers"))
        name = QRegularExpression(rf"[^\W\d]\w{{0,{MAX_NAME_LENGTH - 1}}}", _unicode())
        self.name.setValidator(QRegularExpressionValidator(name, self))
        self.name.setFixedWidth(
            _NAME_CHARACTERS * self.fontMetrics().averageCharWidth() + self.name.sizeHint().height()
        )
        self.kind = AnswerTypeBox()
        self.kind.setToolTip(self.tr("Answer type"))
        self.kind.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.text = QLineEdit()
        self.text.setPlaceholderText(self.tr("Question"))
        self.choices = QLineEdit()
        self.choices.setPlaceholderText(self.tr("Choices, separated by commas"))
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
        """Return the row as a question line, "" if it has neither a name nor a question."""
        text, name = one_line(self.text.text()), self.name.text().strip()
        if not text and not name:
            return ""
        kind = self.kind.kind().name
        typed = f"{kind}({one_line(self.choices.text())})" if self.kind.is_choice() else kind
        return f"{name}[{typed}]: {text}"

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
        first, second, third = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for widget in (self.name, self.kind):
            first.addWidget(widget)
        first.addWidget(self.text, 1)
        for button in (self.up, self.down, self.remove):
            first.addWidget(button)
        second.addSpacing(self.name.width() + first.spacing())
        second.addWidget(self.choices)
        side = self.fontMetrics().height()
        self.warning.setPixmap(QgsApplication.getThemeIcon("/mIconWarning.svg").pixmap(QSize(side, side)))
        third.addWidget(self.warning, 0, Qt.AlignmentFlag.AlignTop)
        third.addWidget(self.problem, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(first)
        layout.addLayout(second)
        layout.addLayout(third)

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


def _unicode() -> QRegularExpression.PatternOption:
    """Return the option with which \\w matches letters of all scripts, as in Python."""
    return QRegularExpression.PatternOption.UseUnicodePropertiesOption
