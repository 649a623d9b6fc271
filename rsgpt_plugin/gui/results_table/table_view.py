"""The table view of the results table: cells, column widths and context menus."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Optional

from qgis.PyQt.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QGuiApplication, QIcon, QKeyEvent, QKeySequence
from qgis.PyQt.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from ...geo.results.display_values import DisplayColumn, Kind, display_text
from ...services.results.thumbnails import THUMBNAIL_SIDE
from ...shared.results.columns import CAPTION
from .cells import AnswerCell, PictureCell
from .columns.column_menu import ColumnMenu
from .rows_model import PICTURE, ResultsModel

# Column widths in line heights of the font.
_WIDTHS = {Kind.TEXT: 14, Kind.YESNO: 5, Kind.WHOLE: 5, Kind.DECIMAL: 5, Kind.CONFIDENCE: 6, Kind.STATUS: 6}
_CAPTION_WIDTH = 22

_SHIFT_CONTROL = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
_ALL_KEYS = _SHIFT_CONTROL | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


class ResultsView(QTableView):
    """Emits a signal for each action of the user.

    zoom_requested: zoom to the selected rows. reask_requested: ask the selected rows again.
    correct_requested, restore_requested: correct answers, and restore those of the model, with column name and feature
    IDs. check_requested, uncheck_requested: mark answers as right, and remove these marks, with the same.
    picture_requested: enlarge the picture in a line. where_requested: show where the thing is that the question of a
    cell, given by line and column, asks about. current_changed: the column with the focus.
    undo_requested, redo_requested: undo a correction, and repeat it.
    """

    zoom_requested = pyqtSignal()
    reask_requested = pyqtSignal()
    correct_requested = pyqtSignal(str, object)
    restore_requested = pyqtSignal(str, object)
    check_requested = pyqtSignal(str, object)
    uncheck_requested = pyqtSignal(str, object)
    picture_requested = pyqtSignal(int)
    where_requested = pyqtSignal(int, int)
    current_changed = pyqtSignal(int)
    undo_requested = pyqtSignal()
    redo_requested = pyqtSignal()

    def __init__(self, model: ResultsModel, icon: QIcon, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._model = model
        self._columns: tuple[DisplayColumn, ...] = ()
        self._picture = PictureCell(icon, self)
        self._cells: list[AnswerCell] = []
        self._widths: dict[str, int] = {}  # as the user set them, by column name
        self._place: tuple[Optional[int], str, int] = (None, "", 0)
        self.setModel(model)
        self.setItemDelegateForColumn(PICTURE, self._picture)
        self.column_menu = ColumnMenu(self, model)
        self._set_up()
        model.modelAboutToBeReset.connect(self._remember_place)
        model.modelReset.connect(self._lay_out)
        model.modelReset.connect(self._restore_place)
        self.doubleClicked.connect(self._on_double_click)
        self.clicked.connect(self._on_click)
        self._enlarge = QTimer(self)  # waits for the second click, which zooms
        self._enlarge.setSingleShot(True)
        self._enlarge.setInterval(QGuiApplication.styleHints().mouseDoubleClickInterval())
        self._enlarge.timeout.connect(self._request_picture)
        self._double_clicked_at = 0.0

    def _set_up(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self.setAlternatingRowColors(True)
        self.setSortingEnabled(True)
        # With the view's selection model, the header would visit all selected rows of a column at every repaint.
        self.horizontalHeader().setSelectionModel(QItemSelectionModel(self._model, self))
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        lines = self.verticalHeader()
        lines.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        lines.setDefaultSectionSize(THUMBNAIL_SIDE + 6)
        lines.hide()
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)

    @property
    def results(self) -> ResultsModel:
        """The model that is shown."""
        return self._model

    def event(self, event: QEvent) -> bool:
        """Take the keys of undo and redo before QGIS does, which would edit the active layer."""
        if event.type() == QEvent.Type.ShortcutOverride and self._key_action(event) is not None:
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's
        """Copy the cell that has the focus, correct the selected rows, undo or redo."""
        action = self._key_action(event)
        if action is None:
            super().keyPressEvent(event)
        else:
            action()

    def _key_action(self, event: QKeyEvent) -> Optional[Callable[[], None]]:
        keys, key, pressed = QKeySequence.StandardKey, event.key(), event.modifiers() & _ALL_KEYS
        if event.matches(keys.Copy):
            return lambda: self._copy(self.currentIndex())
        if event.matches(keys.Undo):
            return self.undo_requested.emit
        if event.matches(keys.Redo) or (key == Qt.Key.Key_Z and pressed == _SHIFT_CONTROL):
            return self.redo_requested.emit
        if key == Qt.Key.Key_F2 and pressed == Qt.KeyboardModifier.ShiftModifier:
            return lambda: self._correct_rows(self.currentIndex())
        if key == Qt.Key.Key_Space and pressed == Qt.KeyboardModifier.NoModifier:
            return self._request_picture
        return None

    def _chosen(self, index: QModelIndex) -> list[int]:
        """Return the feature IDs of the selected rows if a cell is in one of them, else that of its row."""
        selection = self.selectionModel().selection()
        if index.isValid() and not selection.contains(index):
            return [self._model.row_at(index.row()).fid]
        lines = sorted({line for part in selection for line in range(part.top(), part.bottom() + 1)})
        return [self._model.row_at(line).fid for line in lines]

    def _correct_rows(self, index: QModelIndex) -> None:
        column = self._model.column_at(index.column())
        if index.isValid() and column is not None and column.editable:
            self.correct_requested.emit(column.name, self._chosen(index))

    def _lay_out(self) -> None:
        if self._columns == self._model.columns:
            return
        self._columns = self._model.columns
        self._cells = [AnswerCell(column, self) for column in self._columns]
        self.setColumnWidth(PICTURE, THUMBNAIL_SIDE + 12)
        for number, (column, cell) in enumerate(zip(self._columns, self._cells), start=1):
            self.setItemDelegateForColumn(number, cell)
            width = _CAPTION_WIDTH if number == 1 else _WIDTHS[column.kind]
            self.setColumnWidth(number, self._widths.get(column.name) or width * self.fontMetrics().height())

    def _remember_place(self) -> None:
        """Remember the current cell by feature ID and column name, and the scroll position."""
        current, scrolled = self.currentIndex(), self.verticalScrollBar().value()
        self._widths.update(
            (column.name, self.columnWidth(number))
            for number, column in enumerate(self._columns, 1)
            if not self.isColumnHidden(number)
        )
        if current.isValid():
            column = self._model.column_at(current.column())
            self._place = (self._model.row_at(current.row()).fid, column.name if column else "", scrolled)
        else:
            self._place = (None, "", scrolled)

    def _restore_place(self) -> None:
        fid, name, scrolled = self._place
        header = self.horizontalHeader()
        header.blockSignals(True)  # otherwise the view sorts again
        header.setSortIndicator(*self._model.sorting)
        header.blockSignals(False)
        header.viewport().update()
        line = self._model.line_of(fid) if fid is not None else None
        if line is not None:
            current = self._model.index(line, max(PICTURE, self._model.number_of(name)))
            self.selectionModel().setCurrentIndex(current, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.updateGeometries()
        self.verticalScrollBar().setValue(scrolled)

    def _on_click(self, index: QModelIndex) -> None:
        is_second = 1000 * (time.monotonic() - self._double_clicked_at) < self._enlarge.interval()
        if index.column() == PICTURE and not is_second and not QGuiApplication.keyboardModifiers():
            self._enlarge.start()

    def _request_picture(self) -> None:
        if self.currentIndex().isValid():
            self.picture_requested.emit(self.currentIndex().row())

    def _on_double_click(self, index: QModelIndex) -> None:
        self._double_clicked_at = time.monotonic()
        self._enlarge.stop()
        column = self._model.column_at(index.column())
        if column is None or not column.editable:
            self.zoom_requested.emit()

    def _menu(self, point: QPoint) -> None:
        index = self.indexAt(point)
        if index.isValid():
            self.menu_of(index).popup(self.viewport().mapToGlobal(point))

    def menu_of(self, index: QModelIndex) -> QMenu:
        """Return the context menu of a cell."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Zoom to")).triggered.connect(lambda checked: self.zoom_requested.emit())
        menu.addAction(self.tr("Ask again…")).triggered.connect(lambda checked: self.reask_requested.emit())
        enlarge = menu.addAction(self.tr("Enlarge picture and review"))
        enlarge.setShortcut(QKeySequence("Space"))  # shown only: the view handles the key
        enlarge.triggered.connect(lambda checked: self.picture_requested.emit(index.row()))
        menu.addSeparator()
        column, row = self._model.column_at(index.column()), self._model.row_at(index.row())
        if column is None:
            return menu
        menu.addAction(self.tr("Copy")).triggered.connect(lambda checked: self._copy(index))
        chosen = self._chosen(index)
        if column.editable and column.means != CAPTION:
            where = menu.addAction(self.tr("Show where"))
            where.triggered.connect(lambda checked: self.where_requested.emit(index.row(), index.column()))
        if column.editable:
            menu.addAction(self.tr("Correct")).triggered.connect(lambda checked: self.edit(index))
        if column.editable and len(chosen) > 1:
            several = menu.addAction(self.tr("Correct %n row(s)…", "", len(chosen)))
            several.setShortcut(QKeySequence("Shift+F2"))  # shown only: the view handles the key
            several.triggered.connect(lambda checked: self.correct_requested.emit(column.name, chosen))
        if column.editable:
            check = menu.addAction(
                self.tr("Mark as right") if len(chosen) == 1 else self.tr("Mark %n row(s) as right", "", len(chosen))
            )
            check.triggered.connect(lambda checked: self.check_requested.emit(column.name, chosen))
        if column.name in row.checked:
            uncheck = menu.addAction(self.tr("Remove the mark"))
            uncheck.triggered.connect(lambda checked: self.uncheck_requested.emit(column.name, chosen))
        if column.name in row.models:
            restore = menu.addAction(self.tr("Restore the model's answer"))
            restore.triggered.connect(lambda checked: self.restore_requested.emit(column.name, [row.fid]))
        menu.addSeparator()
        menu.addMenu(self.column_menu.menu_of(index.column(), menu))
        return menu

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:  # noqa: N802 - Qt's
        super().currentChanged(current, previous)
        if current.isValid():
            self.current_changed.emit(current.column())

    def _copy(self, index: QModelIndex) -> None:
        column = self._model.column_at(index.column())
        if column is not None:
            value = self._model.row_at(index.row()).values[index.column() - 1]
            QGuiApplication.clipboard().setText(display_text(value, column.kind))
