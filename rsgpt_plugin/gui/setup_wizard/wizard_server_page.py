"""The page to enter an existing server, with the same settings as the options."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QVBoxLayout, QWizardPage

from ..options.server_page import ServerPage
from .draft import SetupDraft, WizardPage


class ServerWizardPage(QWizardPage):
    """Stores the server settings when the user continues."""

    def __init__(self, draft: SetupDraft) -> None:
        super().__init__()
        self._draft = draft
        self.setTitle(self.tr("An existing server"))
        self.setSubTitle(self.tr("Pictures of your map are sent to this server."))
        self.server = ServerPage()
        layout = QVBoxLayout(self)
        layout.addWidget(self.server)
        layout.addStretch()
        self.server.show(draft.preferences)

    def nextId(self) -> int:  # noqa: N802 - Qt's name
        return int(WizardPage.ANSWER)

    def validatePage(self) -> bool:  # noqa: N802 - Qt's name
        self._draft.preferences = self.server.updated(self._draft.preferences)
        return self.server.is_complete()
