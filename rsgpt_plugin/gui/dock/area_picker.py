"""A widget to choose a place: a raster layer, and the map view, a rectangle or the selected feature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from qgis.core import Qgis, QgsApplication, QgsMapSettings, QgsRasterLayer, QgsRectangle
from qgis.gui import QgsMapLayerComboBox
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ...errors import ImageryError
from ...services.asking.area import rectangle_place, selection_place, view_place
from ...services.asking.place import Place
from .rectangle_tool import RectangleTool


class AreaPicker(QWidget):
    """Emits a Place in `place_chosen`, or an error message in `failed`.

    hinted: an instruction for drawing on the map, "" when drawing has ended.
    """

    place_chosen = pyqtSignal(object)
    failed = pyqtSignal(str)
    hinted = pyqtSignal(str)

    def __init__(self, iface: Any, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._iface = iface
        self._canvas = iface.mapCanvas()
        self.layers = QgsMapLayerComboBox()
        self.layers.setFilters(Qgis.LayerFilter.RasterLayer)
        self.layers.setAllowEmptyLayer(True, self.tr("Canvas (topmost raster)"))
        self.layers.setCurrentIndex(0)  # setLayer(None) would leave the box without an entry
        self.layers.setToolTip(self.tr("The raster to ask about."))
        self.layers.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.view = self._button("/mActionZoomFullExtent.svg", self.tr("Map view"), self.tr("Use the current map view"))
        self.rectangle = self._button(
            "/mActionAddBasicRectangle.svg", self.tr("Rectangle"), self.tr("Draw a rectangle on the map")
        )
        self.feature = self._button(
            "/mActionSelectRectangle.svg", self.tr("Feature"), self.tr("Use the selected feature of the active layer")
        )
        self.tool = RectangleTool(self._canvas)
        self.rectangle.setCheckable(True)
        self._lay_out()
        self._connect()

    def choose_view(self) -> None:
        """Choose the map view."""
        self._choose(view_place)

    def _button(self, icon: str, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(QgsApplication.getThemeIcon(icon))
        button.setText(text)
        button.setToolTip(tip)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        button.setAutoRaise(True)
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for button in (self.view, self.rectangle, self.feature):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.layers)
        layout.addLayout(row)

    def _connect(self) -> None:
        self.view.clicked.connect(lambda checked: self.choose_view())
        self.feature.clicked.connect(lambda checked: self._choose_feature())
        self.rectangle.clicked.connect(self._draw)
        self.tool.drawn.connect(self._choose_rectangle)
        self.tool.ended.connect(self._end_drawing)

    def _draw(self, is_wanted: bool) -> None:
        if is_wanted:
            self.tool.start()
            self.hinted.emit(self.tr("Drag a rectangle on the map. Press Esc to cancel."))
        else:
            self.tool.cancel()

    def _end_drawing(self) -> None:
        self.rectangle.setChecked(False)
        self.hinted.emit("")

    def _choose_rectangle(self, drawn: QgsRectangle) -> None:
        self._choose(lambda view, layer: rectangle_place(view, layer, drawn))

    def _choose_feature(self) -> None:
        self._choose(lambda view, layer: selection_place(view, layer, self._iface.activeLayer()))

    def _choose(self, find: Callable[[QgsMapSettings, Optional[QgsRasterLayer]], Place]) -> None:
        try:
            place = find(self._canvas.mapSettings(), self.layers.currentLayer())
        except ImageryError as error:
            self.failed.emit(str(error))
            return
        self.place_chosen.emit(place)
