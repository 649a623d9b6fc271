"""The dock “RSGPT search”: what is searched, words or an example, and the pictures that match best."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsGeometry, QgsMapLayer, QgsProject, QgsRasterLayer, QgsRectangle
from qgis.gui import QgsDockWidget, QgsFilterLineEdit, QgsSpinBox
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListView,
    QProgressBar,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...services.results.thumbnails import THUMBNAIL_SIDE, Thumbnails
from ...services.searching.saved_results import results_layer
from ...services.searching.search_service import LikeArea, LikePicture, Query, SearchAnswer, SearchService, Words
from ...services.searching.search_target import is_searchable
from ..dock.rectangle_tool import RectangleTool
from ..widgets import text_button
from .map_link import MapLink
from .matches_model import MatchesModel
from .search_notice import SearchNotice
from .source_box import SourceBox

_TILE_SIZE = 256


class SearchDock(QgsDockWidget):
    """Exists at most once per QGIS window. Call `close_down` before deleting it."""

    def __init__(self, iface: Any, project: QgsProject) -> None:
        super().__init__(iface.mainWindow())
        self.setObjectName("RsgptSearch")
        self.setWindowTitle(self.tr("RSGPT search"))
        self._project, self._canvas = project, iface.mapCanvas()
        self.service = SearchService(project)
        self.thumbnails = Thumbnails()
        self.model = MatchesModel(self.thumbnails)
        self.view = QListView()
        self.view.setModel(self.model)
        self.link = MapLink(self.view, self.model, self._canvas, project)
        self.tool = RectangleTool(self._canvas)
        self.layers = SourceBox()
        self.folder = self._button(self.tr("Folder…"), "/mActionFileOpen.svg", self._choose_folder)
        self.size = QgsSpinBox()
        self.words = QgsFilterLineEdit()
        self.search = self._button(self.tr("Search"), "/search.svg", self.search_words)
        self.like_tile = self._button(self.tr("Like the selected tile"), "/mIconSelected.svg", self._like_selected)
        self.like_area = self._button(self.tr("Like a rectangle…"), "/mActionAddBasicRectangle.svg", self.tool.start)
        self.save = self._button(self.tr("Save as layer"), "/mActionFileSave.svg", self._save)
        self.stop = self._button(self.tr("Stop"), "/mTaskCancel.svg", self.service.stop)
        self.notice, self.count = SearchNotice(), QLabel()
        self.cut = QSlider(Qt.Orientation.Horizontal)
        self.progress = QProgressBar()
        self._lay_out()
        self._connect()
        self._offer_layers()

    def focus_words(self) -> None:
        """Show the dock, and type into the search box."""
        self.setUserVisible(True)
        self.words.setFocus()
        self.words.selectAll()

    def choose_layer(self, layer: Optional[QgsMapLayer]) -> None:
        """Choose a layer; if it cannot be searched, the topmost raster on the map."""
        rasters = (other for other in self._canvas.layers() if isinstance(other, QgsRasterLayer))
        chosen = next((other for other in (layer, *rasters) if other is not None and is_searchable(other)), None)
        if chosen is not None:  # setLayer(None) would leave the box without an entry
            self.layers.setLayer(chosen)

    def search_words(self) -> None:
        """Search for the words in the search box."""
        if self.words.text().strip():
            self.start(Words(self.words.text().strip()))

    def start(self, query: Query) -> None:
        """Search the chosen layer or folder."""
        target = self.layers.target(self.size.value())
        if target is not None:
            self.notice.show_text("")
            self.service.start(target, query)
            self._show_state()

    def close_down(self) -> None:
        """Stop the search, and remove the tool and the outline from the map."""
        self._project.layersAdded.disconnect(self._offer_layers)
        self._project.layersRemoved.disconnect(self._offer_layers)
        self.service.close()
        self.notice.close_down()
        self.model.show_answer(None)
        self.link.clear()
        self.thumbnails.close()
        self.tool.cancel()
        self.tool.deleteLater()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a width for four pictures in a row."""
        return QSize(4 * (THUMBNAIL_SIDE + 24), 600)

    def _button(self, text: str, icon: str, clicked: Any) -> QToolButton:
        button = text_button(text, icon)
        button.clicked.connect(lambda checked: clicked())
        return button

    def _lay_out(self) -> None:
        self.layers.setToolTip(self.tr("A raster is searched tile by tile, a results layer row by row."))
        self.folder.setToolTip(self.tr("Search all PNG, JPEG, and TIFF files in a folder and its subfolders"))
        self.size.setRange(16, 1024)
        self.size.setValue(_TILE_SIZE)
        self.size.setClearValue(_TILE_SIZE)
        self.size.setSuffix(" px")
        self.words.setPlaceholderText(self.tr("storage tanks"))
        self.words.setShowSearchIcon(True)
        self.cut.setRange(0, 100)
        self.cut.setToolTip(self.tr("Show results from this similarity on"))
        self.view.setViewMode(QListView.ViewMode.IconMode)
        self.view.setResizeMode(QListView.ResizeMode.Adjust)
        self.view.setMovement(QListView.Movement.Static)
        self.view.setUniformItemSizes(True)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setIconSize(QSize(THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        form = QFormLayout()
        form.addRow(self.tr("Search in"), _row(self.layers, self.folder))
        form.addRow(self.tr("Tile size"), self.size)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(form)
        column.addLayout(_row(self.words, self.search))
        column.addLayout(_row(self.like_tile, self.like_area, None))
        column.addLayout(_row(self.progress, self.stop))
        column.addWidget(self.notice)
        column.addWidget(self.view, 1)
        column.addLayout(_row(QLabel(self.tr("Similarity from")), self.cut, self.count))
        column.addLayout(_row(self.save, None))
        self.setWidget(content)

    def _connect(self) -> None:
        self._project.layersAdded.connect(self._offer_layers)
        self._project.layersRemoved.connect(self._offer_layers)
        self.layers.layerChanged.connect(lambda layer: self._show_state())
        self.words.returnPressed.connect(self.search_words)
        self.tool.drawn.connect(self._like_area)
        self.cut.valueChanged.connect(self._set_cut)
        self.view.selectionModel().selectionChanged.connect(lambda *changed: self._show_state())
        self.thumbnails.arrived.connect(self.view.viewport().update)
        self.service.progressed.connect(lambda percent: self.progress.setValue(round(percent)))
        self.service.answered.connect(self._show)
        self.service.failed.connect(self._fail)
        self.service.stopped.connect(lambda: self._fail(self.tr("Stopped. What was indexed so far is stored.")))
        self.service.pictured.connect(self._show_pictures)
        self.notice.installed.connect(self.search_words)

    def _offer_layers(self, *changed: Any) -> None:
        others = [layer for layer in self._project.mapLayers().values() if not is_searchable(layer)]
        self.layers.setExceptedLayerList(others)
        self._show_state()

    def _show_state(self) -> None:
        is_running = self.service.busy
        self.search.setEnabled(self.layers.target(self.size.value()) is not None)
        self.size.setEnabled(self.layers.has_tiles)
        self.like_area.setEnabled(self.layers.has_tiles)
        self.like_tile.setEnabled(self.model.answer is not None)
        self.save.setEnabled(bool(self.model.shown))
        for widget in (self.progress, self.stop):
            widget.setVisible(is_running)

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Choose a folder of rasters"))
        if folder:
            self.service.forget()  # a folder that is chosen again may have new files
            self.layers.show_folder(folder)

    def _show(self, answer: SearchAnswer) -> None:
        self.model.show_answer(answer)
        self.notice.show_answer(answer)
        self._set_cut(self.cut.value())
        self.view.scrollToTop()

    def _show_pictures(self) -> None:
        self.thumbnails.forget_missing()
        self.view.viewport().update()

    def _fail(self, message: str) -> None:
        self.notice.show_text(message)
        self._show_state()

    def _set_cut(self, percent: int) -> None:
        self.model.set_cut(percent / 100)
        pictures = self.tr("%n picture(s)", "", len(self.model.shown))
        self.count.setText(f"{percent / 100:.2f} · {pictures}")
        self._show_state()

    def _like_selected(self) -> None:
        """Search for pictures like the selected result, or like the selected feature of a results layer."""
        answer, number = self.model.answer, next((match.number for match in self.link.selected()), None)
        if number is None:
            number = self.link.selected_feature()
        key = answer.loaded.search.keys[number] if answer is not None and number is not None else ""
        if key and isinstance(key, str):
            self.start(LikePicture(key))
        else:
            self._fail(self.tr("Select a picture in the list, or a feature of the results layer."))

    def _like_area(self, drawn: QgsRectangle) -> None:
        self.start(LikeArea(QgsGeometry.fromRect(drawn), self._canvas.mapSettings().destinationCrs()))

    def _save(self) -> None:
        answer = self.model.answer
        if answer is not None:
            query = answer.query.text if isinstance(answer.query, Words) else self.tr("like an example")
            name = self.tr("Search: {query}").format(query=query)
            self._project.addMapLayer(results_layer(answer, self.model.shown, name, query))


def _row(*widgets: Optional[QWidget]) -> QHBoxLayout:
    """Return widgets side by side. None stands for the remaining space."""
    row = QHBoxLayout()
    for widget in widgets:
        row.addStretch(1) if widget is None else row.addWidget(widget)
    return row
