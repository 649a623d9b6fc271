"""A widget that tests a model: a picture with known content, its description and the model's answer."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QPixmap
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from ..services.asking.first_answer import FirstAnswer, first_answer
from ..services.background_task import BackgroundTask
from .problem_box import ProblemBox
from .widgets import text_label

_SIDE = 192


class AnswerView(QWidget):
    """Empty until `ask` is called. The signal `answered` carries whether the answer is correct."""

    answered = pyqtSignal(bool)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.picture = QLabel()
        self.result = text_label()
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.hide()
        self.problem = ProblemBox()
        self.problem.again.connect(self._ask_again)
        self._work: Optional[BackgroundTask] = None
        self._model = ""
        self._lay_out()

    def ask(self, model: str = "") -> None:
        """Ask a model about the test picture and drop a request in progress. model: "" for the selected model."""
        self.stop()
        self._model = model
        self.picture.clear()
        self.problem.hide()
        self.bar.show()
        self.result.setText(self.tr("Asking about a picture… The first time, the model takes a moment to start."))
        self._work = first_answer(model)
        self._work.done.connect(self._show_answer)
        self._work.failed.connect(self._show_problem)
        self._work.stopped.connect(self._clear)
        self._work.start()

    def stop(self) -> None:
        """Drop the request in progress."""
        work, self._work = self._work, None
        if work is not None:
            work.drop()
        self._clear()

    def _lay_out(self) -> None:
        texts = QVBoxLayout()
        texts.addWidget(self.result)
        texts.addWidget(self.bar)
        texts.addStretch()
        row = QHBoxLayout()
        row.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.problem)

    def _show_answer(self, answer: FirstAnswer) -> None:
        self._clear()
        pixmap = QPixmap()
        pixmap.loadFromData(answer.png)
        smooth = Qt.TransformationMode.SmoothTransformation
        self.picture.setPixmap(pixmap.scaled(_SIDE, _SIDE, Qt.AspectRatioMode.KeepAspectRatio, smooth))
        lines = [
            self.tr("The picture shows: {scene}").format(scene=answer.scene),
            self.tr("The model says: “{said}”").format(said=answer.text),
            self.tr("It took {seconds} s.").format(seconds=f"{answer.seconds:.1f}"),
            self.tr("The model is working.") if answer.is_right else self.tr("The answer does not match the picture."),
        ]
        self.result.setText("\n\n".join(lines))
        if not answer.is_right:
            self.problem.show_problem(
                self.tr(
                    "The answer does not name what the picture shows. Set up the model again, or choose another model."
                )
            )
        self.answered.emit(answer.is_right)

    def _show_problem(self, sentence: str, details: str) -> None:
        self._clear()
        self.problem.show_problem(sentence, details)

    def _clear(self) -> None:
        self._work = None
        self.bar.hide()
        self.result.clear()

    def _ask_again(self) -> None:
        self.ask(self._model)
