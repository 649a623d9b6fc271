"""Thumbnails of pictures, read and decoded in a separate thread."""

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

THUMBNAIL_SIDE = 64

_MAX_WAITING = 200  # more than a screen shows; dropped requests are repeated when their rows are shown again
_MAX_CACHED = 2000
_PATIENCE_MS = 3000


class Thumbnails(QObject):
    """Pixmaps by the hash of the picture. arrived: a requested pixmap was read."""

    arrived = pyqtSignal()

    def __init__(self, side: Optional[int] = THUMBNAIL_SIDE, most_cached: int = _MAX_CACHED) -> None:
        """side: most pixels per side, None for pictures in their own size."""
        super().__init__()
        self._side = side
        self._most_cached = most_cached
        self._pixmaps: OrderedDict[str, Optional[QPixmap]] = OrderedDict()
        self._reader: Optional[_ThumbnailReader] = None
        self._lookup = 0  # number of the current lookup; a missing picture of an earlier one may be stored now

    def get(self, sha256: str) -> Optional[QPixmap]:
        """Return the thumbnail; None while it is being read or if the picture is not stored."""
        if sha256 in self._pixmaps:
            self._pixmaps.move_to_end(sha256)
            return self._pixmaps[sha256]
        if sha256:
            self._request(sha256)
        return None

    def is_missing(self, sha256: str) -> bool:
        """Return whether a picture is known not to be stored; one that was not read yet is not missing."""
        return not sha256 or self._pixmaps.get(sha256, self) is None

    def forget_missing(self) -> None:
        """Forget which pictures were not stored, so that they are looked up again."""
        self._lookup += 1
        for sha256 in [sha256 for sha256, pixmap in self._pixmaps.items() if pixmap is None]:
            del self._pixmaps[sha256]

    def close(self) -> None:
        """End the thread."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.read.disconnect(self._add)
            reader.end()
            reader.wait(_PATIENCE_MS)

    def _request(self, sha256: str) -> None:
        if self._reader is None:
            self._reader = _ThumbnailReader(picture_file(), load().picture_bytes, self._side)
            self._reader.read.connect(self._add)
            self._reader.start(QThread.Priority.LowPriority)
        self._reader.request(sha256, self._lookup)

    def _add(self, sha256: str, image: QImage, lookup: int) -> None:
        if image.isNull() and lookup < self._lookup:
            self._request(sha256)
            return
        self._pixmaps[sha256] = None if image.isNull() else QPixmap.fromImage(image)
        while len(self._pixmaps) > self._most_cached:
            self._pixmaps.popitem(last=False)
        self.arrived.emit()


class _ThumbnailReader(QThread):
    """Reads the latest request first.

    read: a hash, its thumbnail, and the lookup of the request. A null image means that the picture is not stored.
    """

    read = pyqtSignal(str, QImage, int)

    def __init__(self, path: Path, max_bytes: int, side: Optional[int]) -> None:
        super().__init__()
        self._side = side
        self._path = path
        self._max_bytes = max_bytes
        self._waiting: OrderedDict[str, int] = OrderedDict()  # lookup by hash
        self._changed = Condition()
        self._ended = False

    def request(self, sha256: str, lookup: int) -> None:
        """Read this picture next."""
        with self._changed:
            self._waiting[sha256] = lookup
            self._waiting.move_to_end(sha256)
            while len(self._waiting) > _MAX_WAITING:
                self._waiting.popitem(last=False)
            self._changed.notify()

    def end(self) -> None:
        """End the thread after the current picture."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def run(self) -> None:
        """Read pictures in this thread until `end` is called."""
        store: Optional[PictureStore] = None
        try:
            while True:
                request = self._next()
                if request is None:
                    return
                sha256, lookup = request
                store = store or self._open()
                self.read.emit(sha256, _thumbnail(store, sha256, self._side), lookup)
        finally:
            if store is not None:
                store.close()

    def _next(self) -> Optional[tuple[str, int]]:
        with self._changed:
            self._changed.wait_for(lambda: self._ended or bool(self._waiting))
            return None if self._ended else self._waiting.popitem()

    def _open(self) -> Optional[PictureStore]:
        if not self._path.is_file():  # PictureStore would create the file
            return None
        try:
            return PictureStore(self._path, self._max_bytes)
        except OutputError:
            return None


def _thumbnail(store: Optional[PictureStore], sha256: str, side: Optional[int]) -> QImage:
    try:
        png = store.get(sha256) if store is not None else None
    except OutputError:
        png = None
    image = QImage.fromData(png, "PNG") if png else QImage()
    if image.isNull() or side is None:
        return image
    return image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
