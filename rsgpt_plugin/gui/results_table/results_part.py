"""The results table in QGIS's window: its action, its dock, and the actions on its rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsApplication, QgsMapLayer, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, Qt
from qgis.PyQt.QtWidgets import QAction, QApplication, QDialog
from qgis.PyQt.QtXml import QDomDocument

from ...client.preferences import load
from ...errors import RsgptError
from ...geo.results.column_roles import result_columns
from ...geo.results.layer_metadata import has_style, is_results
from ...geo.results.layer_rows import null_to_none
from ...icons import plugin_icon
from ...processing.output.result_styler import styled_layers
from ...services.background_task import BackgroundTask
from ...services.results.exporting import export
from ...services.results.open_table import store_open_table, stored_open_table
from ...services.results.reask import ReaskService
from ..actions.raster_menu import MENU
from ..message_bar import MessageBar
from ..showing.map_marks import MapMarks
from .add_question_dialog import AddQuestionDialog
from .export_dialog import ExportDialog
from .reask_dialog import ReaskDialog
from .results_dock import ResultsDock


class ResultsTable(QObject):
    """The part of the plugin for the results table. The dock is created when it is first opened."""

    def __init__(self, iface: Any) -> None:
        super().__init__()
        self._iface = iface
        self._icon = plugin_icon()
        self._messages = MessageBar(iface.messageBar())
        self._project = QgsProject.instance()
        self._reask = ReaskService(self._project)
        self._export: Optional[BackgroundTask] = None
        self.dock: Optional[ResultsDock] = None
        self._marks: Optional[MapMarks] = None
        self.action = QAction(QgsApplication.getThemeIcon("mActionOpenTable.svg"), self.tr("Results table"), self)
        self.action.setCheckable(True)

    def register(self) -> None:
        """Add the menu entry and the toolbar button."""
        self._iface.addPluginToRasterMenu(MENU, self.action)
        self._iface.addToolBarIcon(self.action)
        self.action.toggled.connect(self._toggle)
        self._reask.ended.connect(self._on_asked)
        self._reask.failed.connect(self._on_failed)
        styled_layers.styled.connect(self._follow)
        self._project.writeProject.connect(self._store)
        self._project.readProject.connect(self._reopen)

    def unregister(self) -> None:
        """Remove the menu entry, the button and the dock, and stop the tasks in progress."""
        styled_layers.styled.disconnect(self._follow)
        self._project.writeProject.disconnect(self._store)
        self._project.readProject.disconnect(self._reopen)
        self._reask.ended.disconnect(self._on_asked)
        self._reask.failed.disconnect(self._on_failed)
        self._reask.close()
        if self._export is not None:
            self._export.drop()
        self.action.toggled.disconnect(self._toggle)
        self._iface.removeToolBarIcon(self.action)
        self._iface.removePluginRasterMenu(MENU, self.action)
        self._messages.clear_note()
        if self.dock is not None:
            if self._marks is not None:
                self._marks.remove()
                self._marks = None
            self._iface.removeDockWidget(self.dock)
            self.dock.close_all()
            self.dock.deleteLater()
            self.dock = None

    def open_for(self, layer: QgsVectorLayer) -> None:
        """Open the table of a results layer. Other layers are ignored."""
        if is_results(layer):
            self._ensure_dock().show_layer(layer)
            self.action.setChecked(True)

    def _follow(self, layer: QgsVectorLayer) -> None:
        """Show the results of a run in the open table, unless the user works on its rows."""
        is_asked = QApplication.activeModalWidget() is not None  # a dialog about the rows, for example
        if self.dock is not None and is_results(layer) and not (is_asked or self.dock.in_use):
            self.dock.show_layer(layer)

    def _store(self, document: QDomDocument) -> None:
        if self.dock is not None and self.dock.layer is not None and self.action.isChecked():
            store_open_table(document, self.dock.layer)

    def _reopen(self, document: QDomDocument) -> None:
        layer = stored_open_table(document, self._project)
        if layer is not None:
            self.open_for(layer)

    def _toggle(self, on: bool) -> None:
        if on:
            self._ensure_dock().setUserVisible(True)
            self._explain(self._iface.activeLayer())
        elif self.dock is not None:
            self.dock.setUserVisible(False)

    def _explain(self, layer: Optional[QgsMapLayer]) -> None:
        """Say why the table does not show a layer of found objects."""
        if layer is not None and has_style(layer) and not is_results(layer):
            sentence = self.tr("“{layer}” holds found objects, not answers. Review them in its attribute table.")
            self._messages.note(sentence.format(layer=layer.name()))

    def _ensure_dock(self) -> ResultsDock:
        if self.dock is None:
            self.dock = self._create_dock()
        return self.dock

    def _create_dock(self) -> ResultsDock:
        dock = ResultsDock(self._project, self._icon, self._iface.mainWindow())
        dock.problem.connect(self._messages.problem)
        dock.message.connect(self._messages.answer)
        dock.zoom_requested.connect(self._zoom)
        dock.reask_requested.connect(self._open_reask)
        dock.question_requested.connect(self._open_question)
        dock.export_requested.connect(self._open_export)
        dock.stop_requested.connect(self._stop)
        self._marks = MapMarks(self._iface.mapCanvas())
        dock.review.where.where.changed.connect(self._marks.show)
        dock.closed.connect(lambda: self.action.setChecked(False))
        self._reask.progressed.connect(dock.show_progress)
        self._iface.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
        dock.layers.setLayer(self._iface.activeLayer() if is_results(self._iface.activeLayer()) else dock.layer)
        return dock

    def _zoom(self) -> None:
        """Zoom to the selected rows and flash them."""
        dock, canvas = self.dock, self._iface.mapCanvas()
        fids = dock.selection.fids() if dock is not None else []
        if dock is not None and dock.layer is not None and fids:
            canvas.zoomToFeatureIds(dock.layer, fids)
            canvas.flashFeatureIds(dock.layer, fids)

    def _open_reask(self) -> None:
        dock = self.dock
        if dock is None or dock.layer is None or self._reask.busy:
            return
        dialog = ReaskDialog(dock.layer, dock.selected(), dock.model.shown_rows, self._iface.mainWindow())
        self._open(dialog, lambda: self._start_asking(dialog))

    def _open_question(self) -> None:
        dock = self.dock
        if dock is None or dock.layer is None or self._reask.busy:
            return
        rows, shown, selected = dock.model.all_rows, dock.model.shown_rows, dock.selected()
        groups = [(self.tr("All rows"), rows)]
        if len(shown) < len(rows):
            groups.insert(0, (self.tr("Rows shown"), shown))
        if len(selected) > 1:
            groups.insert(0, (self.tr("Selected rows"), selected))
        dialog = AddQuestionDialog(dock.layer, groups, self._model_of(dock.layer), self._iface.mainWindow())
        self._open(dialog, lambda: self._start_adding(dialog))

    def _model_of(self, layer: QgsVectorLayer) -> str:
        """Return the model that answered the first row, else the one of the options."""
        name = result_columns(layer).known.get("model", "")
        feature = next(layer.getFeatures(), None) if name else None
        return str((null_to_none(feature[name]) if feature is not None else None) or load().model)

    def _start_adding(self, dialog: AddQuestionDialog) -> None:
        dock, request = self.dock, dialog.request()
        if dock is not None and dock.layer is not None and request is not None:
            dock.show_progress(0.0)
            self._reask.start(dock.layer, dialog.rows(), request)

    def _open(self, dialog: QDialog, accepted: Callable[[], None]) -> None:
        """Open a dialog. Its acceptance is ignored if the table shows another layer by then."""
        layer = self._layer()
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: accepted() if self._layer() is layer else None)
        dialog.open()

    def _layer(self) -> Optional[QgsVectorLayer]:
        return self.dock.layer if self.dock is not None else None

    def _start_asking(self, dialog: ReaskDialog) -> None:
        dock = self.dock
        if dock is None or dock.layer is None:
            return
        dock.show_progress(0.0)
        self._reask.start(dock.layer, dialog.rows(), dialog.request())

    def _open_export(self) -> None:
        dock = self.dock
        if dock is None or dock.layer is None or self._export is not None:
            return
        model = dock.model
        dialog = ExportDialog(model.all_rows, model.shown_rows, dock.selected(), self._iface.mainWindow())
        self._open(dialog, lambda: self._start_export(dialog))

    def _start_export(self, dialog: ExportDialog) -> None:
        dock = self.dock
        if dock is None or dock.layer is None:
            return
        try:
            work = export(dock.layer, dock.model.columns, dialog.rows(), dialog.destination())
        except RsgptError as error:
            self._messages.problem(str(error))
            return
        path = dialog.destination().path
        work.done.connect(lambda sentence: self._on_exported(sentence, True, path))
        work.failed.connect(lambda sentence, details: self._on_exported(sentence, False))
        work.stopped.connect(lambda: self._on_exported(self.tr("The export was stopped."), False))
        work.progressChanged.connect(dock.show_progress)
        dock.show_progress(0.0)
        self._export = work.start()

    def _stop(self) -> None:
        self._reask.stop()
        if self._export is not None:
            self._export.cancel()

    def _on_exported(self, sentence: str, succeeded: bool, path: Optional[Path] = None) -> None:
        self._export = None
        self._finish(sentence, succeeded, path)

    def _on_asked(self, sentence: str) -> None:
        self._finish(sentence, True)

    def _on_failed(self, sentence: str) -> None:
        self._finish(sentence, False)

    def _finish(self, sentence: str, succeeded: bool, path: Optional[Path] = None) -> None:
        if self.dock is not None:
            self.dock.show_progress(None)
        if succeeded:
            self._messages.answer(sentence, link=path)
        else:
            self._messages.problem(sentence)
