"""Pictures to search: the tiles of a raster, and the rows of a results layer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from typing import Optional, Protocol

from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsFeedback, QgsGeometry, QgsRectangle
from qgis.PyQt.QtCore import QCoreApplication

from ...core.picture_store import PictureStore
from ...errors import ImageryError
from ...geo.imagery.capture import Capture, CaptureOptions, area_on_layer, open_capture
from ...geo.imagery.layer_snapshot import LayerSnapshot
from ...geo.imagery.native_capture import NativeCapture
from ...geo.imagery.rendered_capture import RenderedCapture
from ...geo.imagery.tile_geometry import checked_grid
from ...geo.results.column_roles import ResultColumns
from ...geo.results.layer_rows import null_to_none
from ...shared.files.addresses import without_secrets
from ...shared.files.source_files import source_files
from ...shared.rasters.tiles import TileGrid, Window
from ...shared.search.captions import distinct_sentences

translate = QCoreApplication.translate


@dataclass(frozen=True)
class SearchedPicture:
    """The pixels of a picture. png: encodes them. gsd_m: meters per pixel, None if unknown."""

    sha256: str
    png: Callable[[], bytes]
    gsd_m: Optional[float] = None
    bands: str = ""
    stretch: str = ""


@dataclass(frozen=True)
class PicturePlace:
    """Where a picture is, see KnownSource; a picture whose version is "" is captured each time.

    sha256, gsd_m: of its pixels if they are known without capturing it. raster: of the tile.
    """

    place: str = ""
    version: str = ""
    sha256: str = ""
    gsd_m: Optional[float] = None
    raster: str = ""


class PictureSet(Protocol):
    """Numbered pictures. Use it in the thread that opened it."""

    @property
    def crs(self) -> QgsCoordinateReferenceSystem:
        """The CRS of the geometries."""
        ...

    def __len__(self) -> int: ...

    def source(self, number: int) -> PicturePlace:
        """Return where a picture is; no pixels are read."""
        ...

    def geometry(self, number: int) -> QgsGeometry:
        """Return the outline of a picture."""
        ...

    def picture(self, number: int) -> Optional[SearchedPicture]:
        """Return a picture, None if it has no valid pixel. Raises ImageryError if it cannot be read."""
        ...


class LayerTiles:
    """The tiles of a raster layer, with one stretch. Call `close` in the same thread."""

    def __init__(
        self,
        snapshot: LayerSnapshot,
        options: CaptureOptions,
        size: int,
        extent: Optional[QgsGeometry],
        feedback: QgsFeedback,
    ) -> None:
        """size: side of a tile in pixels. extent: in the layer's CRS, None for the whole layer."""
        self.crs, self._options = snapshot.crs, options
        area = area_on_layer(snapshot, extent)
        self._bounds = area.boundingBox()
        capture = open_capture(snapshot, options, self._bounds, feedback)
        self._frame = capture.frame
        region = self._frame.whole if extent is None else self._frame.window(area).clipped(self._frame)
        self._windows = list(checked_grid(TileGrid(region, size)).windows())
        capture = capture.settled(self._windows, feedback)
        self._stretch = capture.stretch if isinstance(capture, NativeCapture) else None
        self._place, self._version = without_secrets(snapshot.layer.source()), _version(capture, snapshot)
        self._opened: Optional[tuple[LayerSnapshot, Capture]] = snapshot, capture

    def __len__(self) -> int:
        return len(self._windows)

    def source(self, number: int) -> PicturePlace:
        """Return where a tile is."""
        place = f"{self._place}#xywh={_text(self._windows[number])}"
        return PicturePlace(place, self._version, raster=self._place)

    @property
    def extent(self) -> QgsRectangle:
        """The bounding box of the tiles, in the layer's CRS."""
        return self._bounds

    def geometry(self, number: int) -> QgsGeometry:
        """Return the polygon of a tile."""
        return self._frame.polygon(self._windows[number])

    def picture(self, number: int) -> Optional[SearchedPicture]:
        """Return a tile, None if it has no valid pixel. Raises ImageryError if it cannot be read."""
        return self._picture(self._windows[number])

    def picture_of(self, area: QgsGeometry) -> Optional[SearchedPicture]:
        """Return the picture of an area in the layer's CRS, None if it has no valid pixel."""
        return self._picture(self._frame.window(area))

    def reopened(self, snapshot: LayerSnapshot, feedback: QgsFeedback) -> LayerTiles:
        """Return the same tiles, opened in the calling thread with the stretch that was measured before."""
        capture = open_capture(snapshot, self._options, self._bounds, feedback)
        if isinstance(capture, NativeCapture) and self._stretch is not None:
            capture = replace(capture, stretch=self._stretch)
        tiles = copy(self)  # another thread may still close these
        tiles._opened = snapshot, capture
        return tiles

    def close(self) -> None:
        """Release the layer from this thread. Sources and geometries can still be read."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened[0].leave_thread()

    def _picture(self, window: Window) -> Optional[SearchedPicture]:
        if self._opened is None:
            raise ImageryError(translate("Rsgpt", "The raster was closed. Search again."))
        picture = self._opened[1].picture(window)
        if picture.empty:
            return None
        return SearchedPicture(picture.sha256, lambda: picture.png, picture.gsd_m, picture.bands, picture.stretch)


class ResultRows:
    """The pictures of the rows of a results layer, from the picture store."""

    def __init__(
        self,
        features: Sequence[QgsFeature],
        columns: ResultColumns,
        crs: QgsCoordinateReferenceSystem,
        store: PictureStore,
    ) -> None:
        self.features, self.crs, self.store = features, crs, store
        self._sha256, self._gsd_m = columns.known["image_sha256"], columns.known.get("gsd_m")
        self._texts = [name for name in (columns.text, *(question.name for question in columns.questions)) if name]

    def __len__(self) -> int:
        return len(self.features)

    def source(self, number: int) -> PicturePlace:
        """Return the hash and the resolution of a row's picture."""
        feature = self.features[number]
        gsd_m = null_to_none(feature[self._gsd_m]) if self._gsd_m else None
        return PicturePlace(sha256=str(null_to_none(feature[self._sha256]) or ""), gsd_m=gsd_m)

    def sentences(self, number: int) -> tuple[str, ...]:
        """Return the caption and the answers in words of a row."""
        feature = self.features[number]
        return distinct_sentences(null_to_none(feature[name]) for name in self._texts)

    def geometry(self, number: int) -> QgsGeometry:
        """Return the geometry of a row."""
        return self.features[number].geometry()

    def picture(self, number: int) -> Optional[SearchedPicture]:
        """Return the picture of a row, None for a row without one. Raises ImageryError if it is no longer stored."""
        source = self.source(number)
        if not source.sha256:
            return None
        png = self.store.get(source.sha256)
        if png is None:
            raise ImageryError(
                translate(
                    "Rsgpt",
                    "the picture of the row is no longer stored; search the raster instead, or describe it again",
                )
            )
        return SearchedPicture(source.sha256, lambda: png, source.gsd_m)


class OnePicture:
    """A single captured picture, for example the one to find similar ones of."""

    def __init__(
        self, picture: Optional[SearchedPicture], area: QgsGeometry, crs: QgsCoordinateReferenceSystem
    ) -> None:
        """picture: None without valid pixels. area: its outline."""
        self._picture, self._area, self.crs = picture, area, crs

    def __len__(self) -> int:
        return 1

    def source(self, number: int) -> PicturePlace:
        """Return the hash and the resolution of the picture."""
        return PicturePlace(sha256=self._picture.sha256, gsd_m=self._picture.gsd_m) if self._picture else PicturePlace()

    def geometry(self, number: int) -> QgsGeometry:
        """Return its outline."""
        return self._area

    def picture(self, number: int) -> Optional[SearchedPicture]:
        """Return the picture, None without valid pixels."""
        return self._picture


def _version(capture: Capture, snapshot: LayerSnapshot) -> str:
    """Return what changes with the pixels; "" for addresses and what QGIS draws, which change without a sign."""
    file = snapshot.file
    if isinstance(capture, RenderedCapture) or not file.path:
        return ""
    statuses = []
    for path in source_files(file.path):
        if path.name.endswith(".aux.xml"):
            continue  # QGIS writes statistics into it
        with suppress(OSError):
            statuses.append(path.stat())
    dates = [f"{status.st_size} {status.st_mtime_ns}" for status in statuses]
    shown = [capture.bands.describe(), capture.stretch.describe(capture.bands.numbers)]
    crs = snapshot.crs.toWkt()  # which a user may change; the ground resolution is part of the key
    return hashlib.sha256("\n".join([*dates, *shown, crs, *file.options]).encode()).hexdigest() if dates else ""


def _text(window: Window) -> str:
    return f"{window.x},{window.y},{window.width},{window.height}"
