"""What the user should know about a search, above its results."""

from __future__ import annotations

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ...client.backends import lacks_sentence_model
from ...services.searching.search_service import SearchAnswer
from ...services.searching.sentence_setup import SentenceSetup
from ...shared.search.sentence_model import SENTENCE_MODEL_MB
from ...shared.text import percent
from ..widgets import text_button, text_label


class SearchNotice(QWidget):
    """Messages, and the button that installs the sentence model. installed: it can be used now.

    Call `close_down` before deleting it.
    """

    installed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.label = text_label()
        self.setup = SentenceSetup()
        self.install = text_button("", "/symbologyAdd.svg")
        self.install.setToolTip(
            self.tr("Installs a sentence model, with which words are also compared with captions and answers.")
        )
        column, row = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.install)
        row.addStretch(1)
        column.addWidget(self.label)
        column.addLayout(row)
        self.install.clicked.connect(lambda checked: self._start_or_stop())
        self.setup.progressed.connect(self._show_progress)
        self.setup.ended.connect(self._on_ended)
        self.show_text("")

    def text(self) -> str:
        """Return the messages."""
        return self.label.text()

    def show_text(self, text: str) -> None:
        """Show a message, nothing for ""; an installation goes on."""
        self.label.setText(text)
        self._show_state(self.setup.busy)

    def show_answer(self, answer: SearchAnswer) -> None:
        """Show what limits the results."""
        search, lines = answer.loaded.search, []
        if not answer.is_sure:
            lines.append(self.tr("Nothing that sure. The pictures below are only the most similar ones."))
        if search.failed:
            text = self.tr("{count} pictures are left out ({problem}).")
            lines.append(text.format(count=len(search.failed), problem=search.failed[0]))
        if search.captions_problem:
            lines.append(search.captions_problem)
        self.label.setText("\n".join(lines))
        self._show_state(self.setup.busy or (bool(search.captions_problem) and lacks_sentence_model()))

    def close_down(self) -> None:
        """Stop an installation."""
        self.setup.close()

    def _start_or_stop(self) -> None:
        if self.setup.busy:
            self.setup.stop()
        else:
            self.setup.start()
            self._show_progress(0.0)

    def _show_progress(self, share: float) -> None:
        self.label.setText(self.tr("Installing the sentence model: {share}").format(share=percent(share)))
        self._show_state(True)

    def _on_ended(self, is_ready: bool, message: str) -> None:
        self.label.setText("" if is_ready else message)
        self._show_state(not is_ready)
        if is_ready:
            self.installed.emit()

    def _show_state(self, has_button: bool) -> None:
        install = self.tr("Compare with captions, too ({size} MB)").format(size=SENTENCE_MODEL_MB)
        self.install.setText(self.tr("Stop") if self.setup.busy else install)
        self.install.setVisible(has_button)
        self.setVisible(has_button or bool(self.label.text()))
