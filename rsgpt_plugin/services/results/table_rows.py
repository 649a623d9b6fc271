"""The rows of one results layer, read in slices and kept current as the layer changes. Draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Optional

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ...geo.results.layer_rows import LayerRow, RowReader, attributes_only
from ..time_slices import TimeSlicer

_SETTLE_MS = 100
_SIGNALS = "featureAdded featuresDeleted updatedFields dataChanged afterCommitChanges afterRollBack".split()


class TableRows(QObject):
    """Follows one layer at a time. `began`: reading has started; `read`: all rows; `changed`: some rows anew;

    `gone`: the layer is about to be deleted. Main thread only.
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
        self._touched: set[int] = set()
        self._reload = self._settling(self._read)
        self._refresh = self._settling(self._read_touched)

    def follow(self, layer: Optional[QgsVectorLayer]) -> None:
        """Read `layer` and watch it; None for none."""
        if self.layer is not None:
            self._connect(self.layer, False)
        self._stop()
        self.layer = layer
        if layer is not None:
            self._connect(layer, True)
            self._read()

    def refresh(self, fids: Iterable[int]) -> None:
        """Read some rows anew, soon: their values have changed."""
        self._touched.update(fids)
        self._refresh.start()

    def _settling(self, act: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(_SETTLE_MS)
        timer.timeout.connect(act)
        return timer

    def _connect(self, layer: QgsVectorLayer, on: bool) -> None:
        watched: dict[str, Callable[..., None]] = {name: self._on_change for name in _SIGNALS}
        watched["repaintRequested"] = self._on_repaint
        watched["attributeValueChanged"] = self._on_value
        watched["willBeDeleted"] = self._on_gone
        for name, slot in watched.items():
            signal = getattr(layer, name)
            signal.connect(slot) if on else signal.disconnect(slot)

    def _on_change(self, *what: object) -> None:
        self._reload.start()

    def _on_repaint(self, *what: object) -> None:
        # Rows that a provider took without a word still ask for a repaint.
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
        self._touched.clear()

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
        self._touched.clear()
        self.read.emit(self._rows)

    def _read_touched(self) -> None:
        fids, self._touched = self._touched, set()
        if self.layer is None or self.reader is None or not fids:
            return
        if self._slices.busy:  # what is being read may hold the old values
            self._reload.start()
            return
        features = self.layer.getFeatures(attributes_only().setFilterFids(list(fids)))
        self.changed.emit([self.reader.row(feature) for feature in features])
