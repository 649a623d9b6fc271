"""The last page of the setup wizard: saves the preferences and tests the model."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QVBoxLayout, QWizardPage

from ...client.preferences import save
from ..answer_view import AnswerView
from ..widgets import text_label
from .draft import SetupDraft


class AnswerPage(QWizardPage):
    """Always complete: the user may keep a model that answers badly."""

    def __init__(self, draft: SetupDraft) -> None:
        super().__init__()
        self._draft = draft
        self.setFinalPage(True)
        self.setTitle(self.tr("First answer"))
        self.setSubTitle(self.tr("The model describes a test picture with known content."))
        self.answer = AnswerView()
        hint = text_label(self.tr("To describe a place, right-click the map and choose “Describe this area”."))
        layout = QVBoxLayout(self)
        layout.addWidget(self.answer)
        layout.addStretch()
        layout.addWidget(hint)

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        """Save the preferences and ask about the test picture."""
        save(self._draft.preferences)
        self.answer.ask()

    def stop(self) -> None:
        """Stop the test."""
        self.answer.stop()
