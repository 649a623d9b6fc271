"""Small pictures of rows, read and decoded in a thread of their own. Knows no layer and no widget."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Condition
from typing import Optional

from qgis.PyQt.QtCore import QObject, Qt, QThread, pyqtSignal
from qgis.PyQt.QtGui import QImage, QPixmap

from ...client.preferences import load
from ...core.paths import picture_file
from ...core.picture_store import PictureStore
from ...errors import OutputError

SIDE = 64

_WAITING = 200  # more than any screen shows: what was scrolled past is asked for anew when it comes back
_KEPT = 2000
_PATIENCE_MS = 3000


class Thumbnails(QObject):
    """Pixmaps of at most SIDE pixels by the hash of a picture. `arrived`: some that were asked for are there now."""

    arrived = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._known: OrderedDict[str, Optional[QPixmap]] = OrderedDict()
        self._reader: Optional[_ThumbnailReader] = None

    def get(self, sha256: str) -> Optional[QPixmap]:
        """The small picture; None while it is being read, and where the store has none."""
        if sha256 in self._known:
            self._known.move_to_end(sha256)
            return self._known[sha256]
        if sha256:
            self._ask(sha256)
        return None

    def forget_missing(self) -> None:
        """Look again for pictures that were not there."""
        for sha256 in [sha256 for sha256, pixmap in self._known.items() if pixmap is None]:
            del self._known[sha256]

    def close(self) -> None:
        """End the thread."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.read.disconnect(self._keep)
            reader.end()
            reader.wait(_PATIENCE_MS)

    def _ask(self, sha256: str) -> None:
        if self._reader is None:
            self._reader = _ThumbnailReader(picture_file(), load().picture_bytes)
            self._reader.read.connect(self._keep)
            self._reader.start(QThread.Priority.LowPriority)
        self._reader.ask(sha256)

    def _keep(self, sha256: str, image: QImage) -> None:
        self._known[sha256] = None if image.isNull() else QPixmap.fromImage(image)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        self.arrived.emit()


class _ThumbnailReader(QThread):
    """Reads what was asked for last first. `read`: a hash and its small picture, a null one where there is none."""

    read = pyqtSignal(str, QImage)

    def __init__(self, path: Path, room: int) -> None:
        super().__init__()
        self._path = path
        self._room = room
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._changed = Condition()
        self._ended = False

    def ask(self, sha256: str) -> None:
        """Read this one next."""
        with self._changed:
            self._waiting[sha256] = None
            self._waiting.move_to_end(sha256)
            while len(self._waiting) > _WAITING:
                self._waiting.popitem(last=False)
            self._changed.notify()

    def end(self) -> None:
        """Read no more."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def run(self) -> None:
        """Read until the end, on this thread."""
        store: Optional[PictureStore] = None
        try:
            while True:
                sha256 = self._next()
                if sha256 is None:
                    return
                store = store or self._open()
                self.read.emit(sha256, _small(store, sha256))
        finally:
            if store is not None:
                store.close()

    def _next(self) -> Optional[str]:
        with self._changed:
            self._changed.wait_for(lambda: self._ended or bool(self._waiting))
            return None if self._ended else self._waiting.popitem()[0]

    def _open(self) -> Optional[PictureStore]:
        if not self._path.is_file():  # to look is no reason to make one
            return None
        try:
            return PictureStore(self._path, self._room)
        except OutputError:
            return None


def _small(store: Optional[PictureStore], sha256: str) -> QImage:
    try:
        png = store.get(sha256) if store is not None else None
    except OutputError:
        png = None
    image = QImage.fromData(png, "PNG") if png else QImage()
    if image.isNull():
        return image
    return image.scaled(SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
