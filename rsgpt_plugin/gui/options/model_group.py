"""Options for the model: where it runs, which model, device and threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Optional

from qgis.gui import QgsFileWidget, QgsSpinBox
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ...client.installed_models import installed_models
from ...client.preferences import BackendKind, Preferences
from ...services.machine.environment_setup import is_set_up
from ..widgets import text_label
from .server_page import ServerPage

_MIN_CHARACTERS = 12
_MAX_THREADS = 256
_DEVICES = ("auto", "cpu", "cuda", "cuda:0", "cuda:1", "mps")


class ModelGroup(QGroupBox):
    """The group “Model” of the options page."""

    def __init__(self, open_set_up: Callable[[], None], open_models: Callable[[], None]) -> None:
        super().__init__()
        self.setTitle(self.tr("Model"))
        self.backend = QComboBox()
        for label, kind in (
            (self.tr("On this machine, in the plugin's own environment"), BackendKind.MANAGED),
            (self.tr("On this machine, with my own Python"), BackendKind.PYTHON),
            (self.tr("On an existing server"), BackendKind.SERVER),
            (self.tr("Inside QGIS (QGIS's Python needs PyTorch and transformers)"), BackendKind.IN_PROCESS),
        ):
            self.backend.addItem(label, kind)
        self.state = text_label()
        self.set_up = QPushButton(self.tr("Set up…"))
        self.set_up.clicked.connect(lambda checked: open_set_up())
        self.python = QgsFileWidget()
        self.python.setDialogTitle(self.tr("Choose a Python interpreter"))
        self.server = ServerPage()
        self.model = QComboBox()
        self.models = QPushButton(self.tr("Models…"))
        self.models.clicked.connect(lambda checked: open_models())
        self.device = QComboBox()
        self.device.setEditable(True)
        self.device.addItems(_DEVICES)
        self.device.setToolTip(self.tr("auto uses all NVIDIA GPUs if there are any, otherwise the CPU."))
        self.threads = QgsSpinBox()
        self.threads.setRange(0, _MAX_THREADS)
        self.threads.setClearValue(0, self.tr("all cores"))
        for box in (self.backend, self.model):  # long items must not widen the page
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(_MIN_CHARACTERS)
        self._local = QWidget()
        self._lay_out()
        self.backend.currentIndexChanged.connect(self._update)

    def show_preferences(self, preferences: Preferences) -> None:
        """Fill in the widgets."""
        self.python.setFilePath(preferences.python)
        self.server.show(preferences)
        self.show_models(preferences)
        self.device.setCurrentText(preferences.device)
        self.threads.setValue(preferences.threads)
        self.backend.setCurrentIndex(self.backend.findData(preferences.door))
        self._update()

    def show_models(self, preferences: Preferences) -> None:
        """Refresh the list of models."""
        self.model.clear()
        for name in [*(model.name for model in installed_models()), *preferences.model_folders]:
            self.model.addItem(name, name)
        if self.model.findData(preferences.model) < 0:
            self.model.addItem(preferences.model, preferences.model)
        self.model.setCurrentIndex(self.model.findData(preferences.model))

    def updated(self, preferences: Preferences) -> Preferences:
        """Return `preferences` with the values of the widgets."""
        preferences = self.server.updated(preferences)
        return replace(
            preferences,
            door=self.backend.currentData(),
            python=self.python.filePath().strip(),
            model=self.model.currentData(),
            device=self.device.currentText().strip() or "auto",
            threads=self.threads.value(),
        )

    def _lay_out(self) -> None:
        managed = _row(self.state, self.set_up)
        self._pages = {BackendKind.MANAGED: managed, BackendKind.PYTHON: self.python, BackendKind.SERVER: self.server}
        local = QFormLayout(self._local)
        local.setContentsMargins(0, 0, 0, 0)
        local.addRow(self.tr("Model"), _row(self.model, self.models))
        local.addRow(self.tr("Device"), self.device)
        local.addRow(self.tr("Threads"), self.threads)
        backend = QFormLayout()
        backend.addRow(self.tr("Where the model runs"), self.backend)
        layout = QVBoxLayout(self)  # in a form layout, hidden widgets would leave gaps
        layout.addLayout(backend)
        for page in (*self._pages.values(), self._local):
            layout.addWidget(page)

    def _update(self) -> None:
        backend = self.backend.currentData()
        for kind, page in self._pages.items():
            page.setVisible(kind is backend)
        self._local.setVisible(backend is not BackendKind.SERVER)
        self.state.setText(
            self.tr("The model is set up and ready.") if is_set_up() else self.tr("The model is not set up yet.")
        )


def _row(field: QWidget, button: QWidget, parent: Optional[QWidget] = None) -> QWidget:
    row = QWidget(parent)
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(field, 1)
    layout.addWidget(button)
    return row
