"""The dialog “RSGPT models”: the models on this machine, their requirements, a test, and the default model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Optional

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ...client.installed_models import installed_models, model_identity
from ...client.preferences import load, save
from ...errors import ModelError
from ...services.background_task import BackgroundTask
from ...services.machine.model_commands import InstalledModel, list_models
from ..answer_view import AnswerView
from ..problem_box import ProblemBox
from ..widgets import set_initial_size, size_text, text_label
from .convert_dialog import ConvertDialog


class ModelsDialog(QDialog):
    """Saves each change immediately."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("RSGPT models"))
        set_initial_size(self, width=45, height=31)
        self._work: Optional[BackgroundTask] = None
        self._models: list[InstalledModel] = []
        self.list = QTreeWidget()
        self.list.setHeaderLabels([self.tr("Model"), self.tr("Size"), self.tr("Required memory"), self.tr("License")])
        self.list.setRootIsDecorated(False)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.about = text_label(selectable=True)
        self.answer = AnswerView()
        self.problem = ProblemBox()
        self.problem.again.connect(self.refresh)
        self.add = QPushButton(self.tr("Add folder…"))
        self.convert = QPushButton(self.tr("Convert a checkpoint…"))
        self.remove = QPushButton(self.tr("Remove from list"))
        self.test = QPushButton(self.tr("Test"))
        self.use = QPushButton(self.tr("Set as default"))
        self._lay_out()
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """List the names of the models immediately, and their sizes when the backend has reported them."""
        preferences = load()
        names = [*(model.name for model in installed_models()), *preferences.model_folders]
        self._show([InstalledModel(name, Path(name).name) for name in names])
        self.problem.hide()
        if self._work is not None:
            self._work.drop()
        self._work = list_models(preferences)
        self._work.done.connect(self._show)
        self._work.failed.connect(self.problem.show_problem)
        self._work.start()

    def done(self, result: int) -> None:
        """Close the dialog and stop its tasks."""
        self.answer.stop()
        if self._work is not None:
            self._work.drop()
            self._work = None
        super().done(result)

    def add_folder(self, folder: str) -> None:
        """Add a folder to the list, or show an error if it does not contain a model."""
        try:
            model_identity(folder)
        except ModelError as error:
            self.problem.show_problem(str(error))
            return
        preferences = load()
        if folder not in preferences.model_folders:
            save(replace(preferences, model_folders=(*preferences.model_folders, folder)))
        self.refresh()

    def _lay_out(self) -> None:
        buttons = QVBoxLayout()
        for button in (self.add, self.convert, self.remove, self.test, self.use):
            buttons.addWidget(button)
        buttons.addStretch()
        row = QHBoxLayout()
        row.addWidget(self.list, 1)
        row.addLayout(buttons)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(row, 1)
        for widget in (self.about, self.problem, self.answer, close):
            layout.addWidget(widget)

    def _connect(self) -> None:
        self.list.currentItemChanged.connect(self._update)
        self.add.clicked.connect(self._add)
        self.convert.clicked.connect(self._convert)
        self.remove.clicked.connect(self._remove)
        self.test.clicked.connect(lambda checked: self.answer.ask(self._current().choice))
        self.use.clicked.connect(self._use)

    def _show(self, models: list[InstalledModel]) -> None:
        choice = self._current().choice if self._models else load().model
        self._models = models
        self.list.clear()
        for model in models:
            self.list.addTopLevelItem(self._item(model))
        choices = [model.choice for model in models]
        self.list.setCurrentItem(self.list.topLevelItem(choices.index(choice) if choice in choices else 0))
        for column in range(self.list.columnCount() - 1):
            self.list.resizeColumnToContents(column)

    def _item(self, model: InstalledModel) -> QTreeWidgetItem:
        is_default = model.choice == load().model
        name = self.tr("{name} (default)").format(name=model.name) if is_default else model.name
        memory = size_text(model.memory) if model.memory else "…"
        size = size_text(model.size) if model.size else "…"
        return QTreeWidgetItem([name, size, self.tr("too much") if model.problem else memory, model.licence])

    def _current(self) -> InstalledModel:
        return self._models[max(0, self.list.indexOfTopLevelItem(self.list.currentItem()))]

    def _update(self) -> None:
        if not self._models or self.list.currentItem() is None:
            return
        model = self._current()
        lines = [model.problem, self.tr("License: {licence}").format(licence=model.licence) if model.licence else ""]
        if model.memory:
            sentence = self.tr("Requires {memory} of memory in {precision} on {device}.")
            lines.append(
                sentence.format(memory=size_text(model.memory), precision=model.precision, device=model.device)
            )
        self.about.setText("\n".join([line for line in (*lines, model.folder) if line]))
        self.remove.setEnabled(model.choice in load().model_folders)
        self.use.setEnabled(model.choice != load().model)

    def _add(self, checked: bool) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Choose a model folder (with model.json)"))
        if folder:
            self.add_folder(folder)

    def _convert(self, checked: bool) -> None:
        dialog = ConvertDialog(self)
        dialog.converted.connect(self.add_folder)
        dialog.exec()

    def _remove(self, checked: bool) -> None:
        preferences, removed = load(), self._current().choice
        folders = tuple(folder for folder in preferences.model_folders if folder != removed)
        model = installed_models()[0].name if preferences.model == removed else preferences.model
        save(replace(preferences, model_folders=folders, model=model))
        self.refresh()

    def _use(self, checked: bool) -> None:
        save(replace(load(), model=self._current().choice))
        self._show(self._models)
