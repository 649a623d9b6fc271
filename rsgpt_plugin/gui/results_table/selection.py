"""Synchronizes the selection of the results table with that of its layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Optional

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QItemSelection, QItemSelectionModel, QItemSelectionRange, QObject
from qgis.PyQt.QtWidgets import QTableView

from .rows_model import ResultsModel


class SharedSelection(QObject):
    """The layer's selection takes precedence; rows hidden by a filter are not selected in the table."""

    def __init__(self, view: QTableView, model: ResultsModel) -> None:
        super().__init__(view)
        self._view = view
        self._model = model
        self._layer: Optional[QgsVectorLayer] = None
        self._is_synchronizing = False
        view.selectionModel().selectionChanged.connect(self._to_layer)
        model.modelReset.connect(self._from_layer)

    def follow(self, layer: Optional[QgsVectorLayer]) -> None:
        """Synchronize with `layer`, None for none."""
        if self._layer is not None:
            self._layer.selectionChanged.disconnect(self._on_layer)
        self._layer = layer
        if layer is not None:
            layer.selectionChanged.connect(self._on_layer)

    def forget(self) -> None:
        """Drop the reference to a layer that is being deleted."""
        self._layer = None

    def fids(self) -> list[int]:
        """Return the feature IDs of the selected rows, in the order of the table."""
        lines = sorted(set(self._lines()))
        return [self._model.row_at(line).fid for line in lines]

    def _lines(self) -> Iterator[int]:
        # For 2,500 rows, selectedRows() takes 0.33 s, and the ranges take 0.02 s.
        for part in self._view.selectionModel().selection():
            yield from range(part.top(), part.bottom() + 1)

    def _to_layer(self, *signal_arguments: Any) -> None:
        if self._layer is None or self._is_synchronizing:
            return
        self._is_synchronizing = True
        try:
            self._layer.selectByIds(self.fids())
        finally:
            self._is_synchronizing = False

    def _on_layer(self, *signal_arguments: Any) -> None:
        if not self._is_synchronizing:
            lines = self._from_layer()
            if lines:
                self._view.scrollTo(self._model.index(lines[0], 0))

    def _from_layer(self) -> list[int]:
        """Select the rows of the layer's selection in the table; return their lines."""
        if self._layer is None:
            return []
        chosen = self._layer.selectedFeatureIds()
        lines = sorted(line for line in map(self._model.line_of, chosen) if line is not None)
        self._is_synchronizing = True
        try:
            self._view.selectionModel().select(self._ranges(lines), QItemSelectionModel.SelectionFlag.ClearAndSelect)
        finally:
            self._is_synchronizing = False
        return lines

    def _ranges(self, lines: list[int]) -> QItemSelection:
        selection = QItemSelection()
        last = self._model.columnCount() - 1
        start = 0
        for end in range(1, len(lines) + 1):
            if end == len(lines) or lines[end] != lines[end - 1] + 1:
                first, final = self._model.index(lines[start], 0), self._model.index(lines[end - 1], last)
                selection.append(QItemSelectionRange(first, final))
                start = end
        return selection
