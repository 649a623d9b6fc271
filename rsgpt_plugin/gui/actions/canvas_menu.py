"""The plugin's entries in the map's context menu, and the outline that previews their area."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Optional, Protocol

from qgis.core import QgsGeometry, QgsPointXY
from qgis.gui import QgsMapMouseEvent
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAction, QInputDialog, QMenu

from ...client.preferences import load, save
from ...errors import ImageryError
from ...geo.results.layer_metadata import is_results
from ...services.asking.click_history import AskTarget
from ...services.asking.feature_selection import FeatureSelection, Polygon, polygon_at, select_features
from ...services.asking.place import CLICK_PIXELS, Place, click_size, clicked_place
from ...shared.answers.questions import Question
from ..map_outlines import MapOutline

_SIZES_M = (30.0, 77.0, 150.0, 300.0, 1000.0)
_MIN_M, _MAX_M = 5.0, 50_000.0

Find = Callable[[], AskTarget]


class AskHandlers(Protocol):
    """Handles the menu entries."""

    def ask(self, find: Find, question: Optional[Question] = None, detailed: bool = False) -> None:
        """Describe the place that `find` returns, or ask `question` about it."""
        ...

    def ask_with_dialog(self, find: Find, title: str) -> None:
        """Open a dialog for a question, then ask it."""
        ...


class CanvasMenu(QObject):
    """Adds the entries each time the map's context menu opens."""

    def __init__(self, canvas: Any, icon: QIcon, handlers: AskHandlers) -> None:
        super().__init__()
        self._canvas = canvas
        self._icon = icon
        self._handlers = handlers
        self._preview = MapOutline(canvas)

    def register(self) -> None:
        """Connect to the map's context menu."""
        self._canvas.contextMenuAboutToShow.connect(self._fill)

    def unregister(self) -> None:
        """Disconnect from the map's context menu and remove the outline."""
        self._canvas.contextMenuAboutToShow.disconnect(self._fill)
        self._preview.clear()

    def _fill(self, menu: QMenu, event: QgsMapMouseEvent) -> None:
        point = QgsPointXY(event.mapPoint())
        menu.addSeparator()
        self._add_area(menu, point)
        polygon = polygon_at(self._canvas.mapSettings(), point)
        if polygon is not None:
            menu.addSeparator()
            self._add_polygon(menu, polygon)
        menu.aboutToShow.connect(lambda: self._show_square(point))
        menu.aboutToHide.connect(self._preview.clear)

    def _add_area(self, menu: QMenu, point: QgsPointXY) -> None:
        size = self._chosen_text(point)

        def find() -> Place:
            return self._square(point, load().click_size_m)

        for text, triggered in (
            (self.tr("Describe this area ({size})"), lambda: self._handlers.ask(find)),
            (self.tr("Describe this area in detail ({size})"), lambda: self._handlers.ask(find, detailed=True)),
            (
                self.tr("Ask about this area ({size})…"),
                lambda: self._handlers.ask_with_dialog(find, self.tr("Ask about this area")),
            ),
        ):
            self._add(menu, text.format(size=size), triggered, lambda: self._show_square(point))
        sizes = menu.addMenu(self.tr("Area size"))
        self._add_sizes(sizes, point)
        # Restores the outline after a size was only previewed; if the whole menu closes, its aboutToHide follows.
        sizes.aboutToHide.connect(lambda: self._show_square(point))

    def _add_sizes(self, menu: QMenu, point: QgsPointXY) -> None:
        chosen = load().click_size_m
        for size in sorted({0.0, *_SIZES_M, chosen}):
            action = menu.addAction(_size_text(size) if size else self._pixels_text(self._pixels_size(point)))
            action.setCheckable(True)
            action.setChecked(size == chosen)
            action.triggered.connect(lambda checked, size=size: _save_size(size))
            action.hovered.connect(lambda size=size: self._show_square(point, size))
        menu.addSeparator()
        menu.addAction(self.tr("Other…")).triggered.connect(lambda checked: self._ask_size(point))

    def _add_polygon(self, menu: QMenu, polygon: Polygon) -> None:
        name = polygon.name.replace("&", "&&")

        def find() -> FeatureSelection:
            return select_features(self._canvas.mapSettings(), polygon.layer, [polygon.feature])

        def show() -> None:
            self._preview.show(polygon.geometry, polygon.layer.crs())

        short, detailed, ask = self._polygon_texts(polygon)
        for text, triggered in (
            (short, lambda: self._handlers.ask(find)),
            (detailed, lambda: self._handlers.ask(find, detailed=True)),
            (ask, lambda: self._handlers.ask_with_dialog(find, self.tr("Ask about the polygon"))),
        ):
            self._add(menu, text.format(name=name), triggered, show)

    def _polygon_texts(self, polygon: Polygon) -> tuple[str, str, str]:
        """Return the texts of the entries. The name of a result is its answer, such as “no”, which names no place."""
        if is_results(polygon.layer):
            return (
                self.tr("Describe the area of this answer"),
                self.tr("Describe the area of this answer in detail"),
                self.tr("Ask about the area of this answer…"),
            )
        return (
            self.tr("Describe the polygon “{name}”"),
            self.tr("Describe the polygon “{name}” in detail"),
            self.tr("Ask about the polygon “{name}”…"),
        )

    def _add(self, menu: QMenu, text: str, triggered: Callable[[], None], hovered: Callable[[], None]) -> QAction:
        action = menu.addAction(self._icon, text)
        action.triggered.connect(lambda checked: triggered())
        action.hovered.connect(hovered)
        return action

    def _square(self, point: QgsPointXY, size_m: float) -> Place:
        """Return the square of a size in meters, 0 for that of CLICK_PIXELS pixels. Raises ImageryError."""
        return clicked_place(self._canvas.mapSettings(), point, size_m or self._pixels_size(point))

    def _pixels_size(self, point: QgsPointXY) -> float:
        """Return the size of CLICK_PIXELS pixels of the raster at a point, in meters; 0 if there is no raster."""
        try:
            return click_size(self._canvas.mapSettings(), point)
        except ImageryError:
            return 0.0

    def _chosen_text(self, point: QgsPointXY) -> str:
        """Return the size that is asked about, in meters; in pixels if there is no raster."""
        chosen, size = load().click_size_m, self._pixels_size(point)
        return _size_text(chosen or _rounded(size)) if chosen or size else self._pixels_text(size)

    def _pixels_text(self, size_m: float) -> str:
        pixels = self.tr("{count} pixels").format(count=CLICK_PIXELS)
        return f"{pixels} ({_size_text(_rounded(size_m))})" if size_m else pixels

    def _show_square(self, point: QgsPointXY, size_m: Optional[float] = None) -> None:
        try:
            area = self._square(point, load().click_size_m if size_m is None else size_m).extent
        except ImageryError:
            # The error is reported when the entry is chosen.
            self._preview.clear()
            return
        self._preview.show(QgsGeometry.fromRect(area), area.crs())

    def _ask_size(self, point: QgsPointXY) -> None:
        size, accepted = QInputDialog.getDouble(
            self._canvas,
            self.tr("Area size"),
            self.tr("Side length of the square that is shown to the model, in meters on the ground:"),
            load().click_size_m or self._pixels_size(point),
            _MIN_M,
            _MAX_M,
            1,
        )
        if accepted:
            _save_size(size)


def _rounded(size: float) -> float:
    """Return a measured size as it is shown: with whole meters if it has several."""
    return float(round(size)) if size >= 10 else float(f"{size:.2g}")


def _save_size(size_m: float) -> None:
    save(replace(load(), click_size_m=size_m))


def _size_text(size: float) -> str:
    return f"{size:g} m"
