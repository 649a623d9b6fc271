"""Links the selected results of a search to the map, and to the selection of a results layer."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsGeometry, QgsProject, QgsRectangle, QgsReferencedRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import QItemSelectionModel, QObject
from qgis.PyQt.QtWidgets import QListView

from ...processing.searching.picture_set import ResultRows
from ...processing.searching.search_rows import Match
from ...services.searching.search_service import SearchAnswer
from ..map_outlines import MapOutline, zoom_to
from .matches_model import MatchesModel

_ZOOM = 3.0  # the surroundings stay visible


class MapLink(QObject):
    """Outlines the selected results on the map, and follows the selection of the layer that is searched."""

    def __init__(self, view: QListView, model: MatchesModel, canvas: Any, project: QgsProject) -> None:
        super().__init__(view)
        self._view, self._model, self._canvas, self._project = view, model, canvas, project
        self._outline = MapOutline(canvas)
        self._answer: Optional[SearchAnswer] = None
        self._layer: Optional[QgsVectorLayer] = None
        self._numbers: dict[int, int] = {}  # by feature ID
        self._is_synchronizing = False
        view.selectionModel().selectionChanged.connect(self._to_map)
        model.modelReset.connect(self._follow)
        view.clicked.connect(lambda index: self.zoom())

    def selected(self) -> list[Match]:
        """Return the selected results, best first."""
        lines = sorted(index.row() for index in self._view.selectionModel().selectedIndexes())
        return [self._model.shown[line] for line in lines]

    def zoom(self) -> None:
        """Zoom to the selected results."""
        box, answer = QgsRectangle(), self._model.answer
        for geometry in self._geometries():
            box.combineExtentWith(geometry.boundingBox())
        if answer is not None and not box.isNull():
            zoom_to(self._canvas, QgsReferencedRectangle(box, answer.loaded.pictures.crs), _ZOOM)

    def selected_feature(self) -> Optional[int]:
        """Return the number of the picture of a selected feature of the layer, None without one."""
        chosen = self._layer.selectedFeatureIds() if self._layer is not None else []
        return next((self._numbers[fid] for fid in chosen if fid in self._numbers), None)

    def clear(self) -> None:
        """Remove the outline, and stop following the layer."""
        self._outline.clear()
        if self._layer is not None:
            self._layer.selectionChanged.disconnect(self._from_layer)
            self._layer.willBeDeleted.disconnect(self._forget)
        self._forget()

    def _geometries(self) -> list[QgsGeometry]:
        answer = self._model.answer
        return [answer.loaded.pictures.geometry(match.number) for match in self.selected()] if answer else []

    def _to_map(self, *changed: Any) -> None:
        answer, geometries = self._model.answer, self._geometries()
        if answer is None or not geometries:
            self._outline.clear()
            return
        rows = answer.loaded.pictures
        self._outline.show(QgsGeometry.collectGeometry(geometries), rows.crs)
        if isinstance(rows, ResultRows) and self._layer is not None and not self._is_synchronizing:
            self._is_synchronizing = True
            self._layer.selectByIds([rows.features[match.number].id() for match in self.selected()])
            self._is_synchronizing = False

    def _follow(self) -> None:
        """Follow the layer of the answer that is shown."""
        answer = self._model.answer
        if answer is not None and answer is self._answer:  # only the cut was moved
            self._outline.clear()
            return
        self.clear()
        self._answer = answer
        rows = answer.loaded.pictures if answer is not None else None
        layer = self._project.mapLayer(answer.loaded.target.layer) if answer is not None else None
        if isinstance(rows, ResultRows) and isinstance(layer, QgsVectorLayer):
            self._layer = layer
            self._numbers = {feature.id(): number for number, feature in enumerate(rows.features)}
            layer.selectionChanged.connect(self._from_layer)
            layer.willBeDeleted.connect(self._forget)

    def _forget(self) -> None:
        self._answer, self._layer, self._numbers = None, None, {}

    def _from_layer(self, *changed: Any) -> None:
        """Select the results of the features that are selected in the layer."""
        if self._layer is None or self._is_synchronizing:
            return
        self._is_synchronizing = True
        selection, flags = self._view.selectionModel(), QItemSelectionModel.SelectionFlag
        selection.clearSelection()
        numbers = (self._numbers[fid] for fid in self._layer.selectedFeatureIds() if fid in self._numbers)
        lines = sorted(line for line in map(self._model.line_of, numbers) if line is not None)
        for line in lines:
            selection.select(self._model.index(line), flags.Select)
        if lines:
            self._view.scrollTo(self._model.index(lines[0]))
        self._is_synchronizing = False
