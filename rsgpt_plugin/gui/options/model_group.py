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

_SHOWN_LETTERS = 12
_MOST_THREADS = 256
_DEVICES = ("auto", "cpu", "cuda", "cuda:0", "cuda:1", "mps")


class ModelGroup(QGroupBox):
    """The group “Model” of the options page."""

    def __init__(self, open_set_up: Callable[[], None], open_models: Callable[[], None]) -> None:
        super().__init__()
        self.setTitle(self.tr("Model"))
        self.door = QComboBox()
        for label, door in (
            (self.tr("On this machine, in the plugin's own environment"), BackendKind.MANAGED),
            (self.tr("On this machine, with my own Python"), BackendKind.PYTHON),
            (self.tr("On an existing server"), BackendKind.SERVER),
            (self.tr("Inside QGIS (QGIS's Python needs PyTorch and transformers)"), BackendKind.IN_PROCESS),
        ):
            self.door.addItem(label, door)
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
        self.threads.setRange(0, _MOST_THREADS)
        self.threads.setClearValue(0, self.tr("all cores"))
        for wide in (self.door, self.model):  # long items must not widen the page
            wide.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            wide.setMinimumContentsLength(_SHOWN_LETTERS)
        self._own = QWidget()
        self._lay_out()
        self.door.currentIndexChanged.connect(self._update)

    def show_preferences(self, chosen: Preferences) -> None:
        """Fill in the widgets."""
        self.python.setFilePath(chosen.python)
        self.server.show(chosen)
        self.show_models(chosen)
        self.device.setCurrentText(chosen.device)
        self.threads.setValue(chosen.threads)
        self.door.setCurrentIndex(self.door.findData(chosen.door))
        self._update()

    def show_models(self, chosen: Preferences) -> None:
        """Refresh the list of models."""
        self.model.clear()
        for name in [*(model.name for model in installed_models()), *chosen.model_folders]:
            self.model.addItem(name, name)
        if self.model.findData(chosen.model) < 0:
            self.model.addItem(chosen.model, chosen.model)
        self.model.setCurrentIndex(self.model.findData(chosen.model))

    def chosen(self, preferences: Preferences) -> Preferences:
        """Return `preferences` with the values of the widgets."""
        preferences = self.server.chosen(preferences)
        return replace(
            preferences,
            door=self.door.currentData(),
            python=self.python.filePath().strip(),
            model=self.model.currentData(),
            device=self.device.currentText().strip() or "auto",
            threads=self.threads.value(),
        )

    def _lay_out(self) -> None:
        managed = _row(self.state, self.set_up)
        self._pages = {BackendKind.MANAGED: managed, BackendKind.PYTHON: self.python, BackendKind.SERVER: self.server}
        own = QFormLayout(self._own)
        own.setContentsMargins(0, 0, 0, 0)
        own.addRow(self.tr("Model"), _row(self.model, self.models))
        own.addRow(self.tr("Device"), self.device)
        own.addRow(self.tr("Threads"), self.threads)
        door = QFormLayout()
        door.addRow(self.tr("Where the model runs"), self.door)
        layout = QVBoxLayout(self)  # in a form layout, hidden widgets would leave gaps
        layout.addLayout(door)
        for page in (*self._pages.values(), self._own):
            layout.addWidget(page)

    def _update(self) -> None:
        door = self.door.currentData()
        for one, page in self._pages.items():
            page.setVisible(one is door)
        self._own.setVisible(door is not BackendKind.SERVER)
        self.state.setText(
            self.tr("The model is set up and ready.") if is_set_up() else self.tr("The model is not set up yet.")
        )


def _row(wide: QWidget, narrow: QWidget, parent: Optional[QWidget] = None) -> QWidget:
    row = QWidget(parent)
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(wide, 1)
    layout.addWidget(narrow)
    return row
