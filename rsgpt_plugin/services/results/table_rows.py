"""The rows of a results layer, read in slices and updated when the layer changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Optional

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ...geo.results.layer_rows import LayerRow, RowReader, attributes_only
from ..time_slices import TimeSlicer

_DELAY_MS = 100
_MANY = 500  # rows whose reading would block the window: all are read in slices
_SIGNALS = "featureAdded featuresDeleted updatedFields dataChanged afterCommitChanges afterRollBack".split()


class TableRows(QObject):
    """Reads and watches one layer at a time, on the main thread.

    began: reading has started. read: all rows. changed: the rows with new values. gone: the layer will be deleted.
    """

    began = pyqtSignal()
    read = pyqtSignal(object)
    changed = pyqtSignal(object)
    gone = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.layer: Optional[QgsVectorLayer] = None
        self.reader: Optional[RowReader] = None
        self._slices = TimeSlicer()
        self._rows: list[LayerRow] = []
        self._count = -1
        self._outdated: set[int] = set()
        self._reload = self._delayed(self._read)
        self._refresh = self._delayed(self._read_outdated)

    def follow(self, layer: Optional[QgsVectorLayer]) -> None:
        """Read `layer` and watch it in place of the current one; None to watch no layer."""
        if self.layer is not None:
            self._connect(self.layer, False)
        self._stop()
        self.layer = layer
        if layer is not None:
            self._connect(layer, True)
            self._read()

    def refresh(self, fids: Iterable[int]) -> None:
        """Schedule reading rows again whose values have changed."""
        self._outdated.update(fids)
        self._refresh.start()

    def _delayed(self, action: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(_DELAY_MS)
        timer.timeout.connect(action)
        return timer

    def _connect(self, layer: QgsVectorLayer, enabled: bool) -> None:
        slots: dict[str, Callable[..., None]] = {name: self._on_change for name in _SIGNALS}
        slots["repaintRequested"] = self._on_repaint
        slots["attributeValueChanged"] = self._on_value
        slots["willBeDeleted"] = self._on_gone
        for name, slot in slots.items():
            signal = getattr(layer, name)
            signal.connect(slot) if enabled else signal.disconnect(slot)

    def _on_change(self, *arguments: object) -> None:
        self._reload.start()

    def _on_repaint(self, *arguments: object) -> None:
        # A provider that adds rows without a signal still requests a repaint.
        if self.layer is not None and self.layer.featureCount() != self._count:
            self._reload.start()

    def _on_value(self, fid: int, index: int, value: object) -> None:
        self.refresh([fid])

    def _on_gone(self) -> None:
        self._stop()
        self.layer = None
        self.gone.emit()

    def _stop(self) -> None:
        self._slices.stop()
        self._reload.stop()
        self._refresh.stop()
        self._outdated.clear()

    def _read(self) -> None:
        if self.layer is None:
            return
        self._rows = []
        self._count = self.layer.featureCount()
        self.reader = RowReader(self.layer)
        self.began.emit()
        self._slices.start(self._features(self.layer, self.reader), self._rows.extend, self._read_all)

    def _features(self, layer: QgsVectorLayer, reader: RowReader) -> Iterator[LayerRow]:
        for feature in layer.getFeatures(attributes_only()):
            yield reader.row(feature)

    def _read_all(self) -> None:
        self._outdated.clear()
        self.read.emit(self._rows)

    def _read_outdated(self) -> None:
        fids, self._outdated = self._outdated, set()
        if self.layer is None or self.reader is None or not fids:
            return
        if self._slices.busy or len(fids) > _MANY:  # the rows being read may have the old values
            self._reload.start()
            return
        features = self.layer.getFeatures(attributes_only().setFilterFids(list(fids)))
        self.changed.emit([self.reader.row(feature) for feature in features])
