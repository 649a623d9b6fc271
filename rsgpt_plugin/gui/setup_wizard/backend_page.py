"""The first page of the set-up: who runs the model. Only notes the choice."""

from __future__ import annotations

from dataclasses import replace

from qgis.PyQt.QtWidgets import QButtonGroup, QRadioButton, QVBoxLayout, QWizardPage

from ...client.preferences import BackendKind
from ..widgets import text_label
from .draft import SetupDraft, WizardPage

_INDENT = 24
_PAGES = {
    BackendKind.MANAGED: WizardPage.PLAN,
    BackendKind.PYTHON: WizardPage.PYTHON,
    BackendKind.SERVER: WizardPage.SERVER,
}


class BackendPage(QWizardPage):
    """Three ways, one of which is chosen at every moment."""

    def __init__(self, draft: SetupDraft) -> None:
        super().__init__()
        self._draft = draft
        self.setTitle(self.tr("Where the model runs"))
        self.setSubTitle(self.tr("RSGPT asks a model about pictures of your map. Choose who runs it."))
        self.buttons = {
            BackendKind.MANAGED: QRadioButton(self.tr("On this machine, set up by the plugin (recommended)")),
            BackendKind.PYTHON: QRadioButton(self.tr("On this machine, with a Python of your own")),
            BackendKind.SERVER: QRadioButton(self.tr("On a server that already runs")),
        }
        explained = {
            BackendKind.MANAGED: self.tr(
                "The plugin makes an environment of its own, apart from QGIS's Python. No picture leaves this machine."
            ),
            BackendKind.PYTHON: self.tr(
                "For those who have PyTorch and transformers already. Nothing is installed. No picture leaves this "
                "machine."
            ),
            BackendKind.SERVER: self.tr(
                "Any server with OpenAI's protocol: vLLM, Ollama, LM Studio, llama.cpp, SGLang. Pictures go to that "
                "server."
            ),
        }
        layout = QVBoxLayout(self)
        group = QButtonGroup(self)
        for door, button in self.buttons.items():
            group.addButton(button)
            layout.addWidget(button)
            text = text_label(explained[door])
            text.setIndent(_INDENT)
            layout.addWidget(text)
            layout.addSpacing(8)
        layout.addStretch()
        self.buttons.get(draft.preferences.door, self.buttons[BackendKind.MANAGED]).setChecked(True)

    def door(self) -> BackendKind:
        """The choice."""
        return next(door for door, button in self.buttons.items() if button.isChecked())

    def nextId(self) -> int:  # noqa: N802 - Qt's name
        return int(_PAGES[self.door()])

    def validatePage(self) -> bool:  # noqa: N802 - Qt's name
        self._draft.preferences = replace(self._draft.preferences, door=self.door())
        return True
