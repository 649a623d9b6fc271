"""The dock “RSGPT results”: the rows of a results layer, a filter and buttons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from qgis.core import Qgis, QgsApplication, QgsMapLayer, QgsProject, QgsVectorLayer
from qgis.gui import QgsDockWidget, QgsMapLayerComboBox
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAbstractItemView, QHBoxLayout, QProgressBar, QToolButton, QVBoxLayout, QWidget

from ...geo.results.layer_metadata import is_results
from ...geo.results.layer_rows import LayerRow
from ...services.results.table_rows import TableRows
from ...services.results.thumbnails import Thumbnails
from ...shared.results.columns import CAPTION
from ..widgets import text_button
from .columns.column_values import ColumnValues
from .correcting.table_corrections import TableCorrections
from .filter_bar import FilterBar
from .review_window import ReviewWindow
from .rows_model import ResultsModel
from .selection import SharedSelection
from .table_view import ResultsView


class ResultsDock(QgsDockWidget):
    """Shows the rows and writes corrections to the layer; emits a signal for each other action of the user.

    problem, message: texts for the user.
    """

    problem = pyqtSignal(str)
    message = pyqtSignal(str)
    zoom_requested = pyqtSignal()
    reask_requested = pyqtSignal()
    question_requested = pyqtSignal()
    export_requested = pyqtSignal()
    stop_requested = pyqtSignal()

    def __init__(self, project: QgsProject, icon: QIcon, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("RsgptResultsTable")
        self.setWindowTitle(self.tr("RSGPT results"))
        self._project = project
        self.rows = TableRows()
        self.thumbnails = Thumbnails()
        self.model = ResultsModel(self.thumbnails.get)
        self.view = ResultsView(self.model, icon)
        self.selection = SharedSelection(self.view, self.model)
        self.corrections = TableCorrections(self.view, self.rows)
        self.layers = QgsMapLayerComboBox()
        self.filter = FilterBar()
        self.values = ColumnValues(self.view, self.rows, self.filter)
        self.review = ReviewWindow(self.view, self.rows)
        self.undo = self._icon_button(self.tr("Undo the last correction (Ctrl+Z in the table)"), "mActionUndo.svg")
        self.redo = self._icon_button(self.tr("Redo the correction (Ctrl+Shift+Z in the table)"), "mActionRedo.svg")
        self.zoom = self._button(self.tr("Zoom to"), "mActionZoomToSelected.svg", self.zoom_requested)
        self.reask = self._button(self.tr("Ask again…"), "mActionRefresh.svg", self.reask_requested)
        self.add = self._button(self.tr("Add a question…"), "mActionNewAttribute.svg", self.question_requested)
        self.add.setToolTip(self.tr("Ask one more question about the rows. The answers become a new column."))
        self.export = self._button(self.tr("Export…"), "mActionFileSave.svg", self.export_requested)
        self.stop = self._button(self.tr("Stop"), "mTaskCancel.svg", self.stop_requested)
        self.progress = QProgressBar()
        self._running: set[str] = set()
        self._lay_out()
        self._connect()
        self._offer_layers()

    @property
    def layer(self) -> Optional[QgsVectorLayer]:
        """The layer whose rows are shown."""
        return self.rows.layer

    @property
    def in_use(self) -> bool:
        """Whether the rows are being corrected, reviewed, or written."""
        is_edited = self.layer is not None and self.layer.isEditable()
        is_open = self.view.state() == QAbstractItemView.State.EditingState or self.review.isVisible()
        return is_edited or is_open or bool(self._running)

    def show_layer(self, layer: QgsVectorLayer) -> None:
        """Show the rows of a results layer."""
        self._offer_layers()
        self.layers.setLayer(layer)

    def selected(self) -> list[LayerRow]:
        """Return the selected rows that pass the filter."""
        lines = [self.model.line_of(fid) for fid in self.selection.fids()]
        return [self.model.row_at(line) for line in lines if line is not None]

    def show_progress(self, percent: Optional[float], job: str = "run") -> None:
        """Show the progress of a job in percent; None ends it. The bar and the button Stop belong to all jobs."""
        if percent is None:
            self._running.discard(job)
        else:
            self._running.add(job)
            self.progress.setValue(round(percent))
        self._show_state()

    def _show_state(self) -> None:
        is_running = bool(self._running)
        for widget in (self.progress, self.stop):
            widget.setVisible(is_running)
        for button in (self.reask, self.add, self.export):
            button.setEnabled(not is_running and self.layer is not None)
        for button in (self.zoom, self.undo, self.redo):
            button.setEnabled(self.layer is not None)

    def close_all(self) -> None:
        """Disconnect from the layer and the project, and stop the thread."""
        self._project.layersAdded.disconnect(self._offer_layers)
        self._project.layersRemoved.disconnect(self._offer_layers)
        self.layers.layerChanged.disconnect(self._follow)
        self.corrections.stop()
        self.values.stop()
        self.selection.follow(None)
        self.rows.follow(None)
        self.thumbnails.close()
        self.review.end()

    def _button(self, text: str, icon: str, signal: Any) -> QToolButton:
        button = text_button(text, icon)
        button.clicked.connect(lambda checked: signal.emit())
        return button

    def _icon_button(self, about: str, icon: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(QgsApplication.getThemeIcon(icon))
        button.setToolTip(about)
        button.setAccessibleName(about)
        button.setAutoRaise(True)
        return button

    def _lay_out(self) -> None:
        self.layers.setFilters(Qgis.LayerFilter.VectorLayer)
        self.layers.setAllowEmptyLayer(True, self.tr("No results layer"))
        self.layers.setMinimumWidth(220)
        top = QHBoxLayout()
        for widget in (self.layers, self.undo, self.redo, self.zoom, self.reask, self.add, self.export):
            top.addWidget(widget)
        top.addStretch(1)
        top.addWidget(self.progress)
        top.addWidget(self.stop)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.filter)
        layout.addWidget(self.values.summary)
        layout.addWidget(self.view, 1)
        self.setWidget(content)
        self.progress.setMaximumWidth(200)
        self._show_state()

    def _connect(self) -> None:
        self._project.layersAdded.connect(self._offer_layers)
        self._project.layersRemoved.connect(self._offer_layers)
        self.layers.layerChanged.connect(self._follow)
        self.rows.read.connect(self._show_rows)
        self.rows.changed.connect(self.model.update_rows)
        self.rows.gone.connect(self._on_layer_deleted)
        self.filter.changed.connect(self.model.set_filter)
        self.model.counted.connect(self._count)
        self.corrections.problem.connect(self.problem)
        self.corrections.message.connect(self.message)
        self.corrections.progressed.connect(lambda percent: self.show_progress(percent, "correction"))
        self.stop_requested.connect(self.corrections.stop)
        self.undo.clicked.connect(lambda checked: self.corrections.undo())
        self.redo.clicked.connect(lambda checked: self.corrections.redo())
        self.view.picture_requested.connect(self.review.open_at)
        self.view.where_requested.connect(self.review.show_where)
        self.view.zoom_requested.connect(self.zoom_requested)
        self.view.reask_requested.connect(self.reask_requested)
        self.thumbnails.arrived.connect(self.view.viewport().update)

    def _offer_layers(self, *changed: Any) -> None:
        """List results layers only; select the first one if none is selected."""
        layers = list(self._project.mapLayers().values())
        self.layers.setExceptedLayerList([layer for layer in layers if not is_results(layer)])
        if self.layers.currentLayer() is None:
            self.layers.setLayer(next((layer for layer in layers if is_results(layer)), None))
        self._follow(self.layers.currentLayer())

    def _follow(self, layer: Optional[QgsMapLayer]) -> None:
        if layer is self.layer:
            return
        self.model.set_rows((), ())
        self.view.column_menu.show_all()
        self.filter.clear_value()
        self.selection.follow(layer)
        self.rows.follow(layer)
        self._show_state()

    def _on_layer_deleted(self) -> None:
        self.selection.forget()
        self.model.set_rows((), ())
        self._show_state()

    def _show_rows(self, rows: Sequence[LayerRow]) -> None:
        columns = self.rows.reader.columns if self.rows.reader is not None else ()
        self.thumbnails.forget_missing()
        self.model.set_rows(columns, rows)
        self.filter.keep_columns([column.name for column in columns])
        for number, column in enumerate(columns):
            unused = column.means == CAPTION and all(row.values[number] is None for row in rows)
            self.view.setColumnHidden(number + 1, unused or column.name in self.view.column_menu.hidden)
        self.filter.set_statuses(row.status for row in rows)

    def _count(self) -> None:
        self.filter.show_count(len(self.model.shown_rows), len(self.model.all_rows))
