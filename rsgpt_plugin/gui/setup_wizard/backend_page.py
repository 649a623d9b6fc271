"""The first page of the setup wizard: where the model runs."""

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
    """Three options, one of which is always selected."""

    def __init__(self, draft: SetupDraft) -> None:
        super().__init__()
        self._draft = draft
        self.setTitle(self.tr("Where the model runs"))
        self.setSubTitle(self.tr("RSGPT asks a model about pictures of your map. Choose where the model runs."))
        self.buttons = {
            BackendKind.MANAGED: QRadioButton(self.tr("On this machine, set up by the plugin (recommended)")),
            BackendKind.PYTHON: QRadioButton(self.tr("On this machine, with your own Python")),
            BackendKind.SERVER: QRadioButton(self.tr("On an existing server")),
        }
        explanations = {
            BackendKind.MANAGED: self.tr(
                "The plugin creates its own environment, separate from QGIS's Python. No pictures leave this machine."
            ),
            BackendKind.PYTHON: self.tr(
                "Choose this if you already have a Python with PyTorch and transformers. Nothing is "
                "installed. No pictures leave this machine."
            ),
            BackendKind.SERVER: self.tr(
                "Any server with an OpenAI-compatible API: vLLM, Ollama, LM Studio, llama.cpp, SGLang. "
                "Pictures are sent to that server."
            ),
        }
        layout = QVBoxLayout(self)
        group = QButtonGroup(self)
        for backend, button in self.buttons.items():
            group.addButton(button)
            layout.addWidget(button)
            text = text_label(explanations[backend])
            text.setIndent(_INDENT)
            layout.addWidget(text)
            layout.addSpacing(8)
        layout.addStretch()
        self.buttons.get(draft.preferences.door, self.buttons[BackendKind.MANAGED]).setChecked(True)

    def backend(self) -> BackendKind:
        """Return the selected backend."""
        return next(backend for backend, button in self.buttons.items() if button.isChecked())

    def nextId(self) -> int:  # noqa: N802 - Qt's name
        return int(_PAGES[self.backend()])

    def validatePage(self) -> bool:  # noqa: N802 - Qt's name
        self._draft.preferences = replace(self._draft.preferences, door=self.backend())
        return True
