"""The rasters and the layers of found objects of the project, for functions that QGIS evaluates in any thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
)
from qgis.PyQt.QtCore import QObject

from ...geo.results.layer_rows import null_to_none
from ...geo.transforms import transform_between
from ...shared.files.addresses import without_secrets
from ...shared.results.columns import CONFIDENCE, OBJECT, SEARCH_WINDOW

_FOUND = {OBJECT, CONFIDENCE, SEARCH_WINDOW, "prompt"}


@dataclass(frozen=True)
class KnownRaster:
    """A raster layer. version: of its file, "" if it is not a file."""

    id: str
    name: str
    source: str
    version: str
    extent: QgsRectangle
    crs: QgsCoordinateReferenceSystem


@dataclass(frozen=True)
class SearchedObjects:
    """A layer of found objects. labels: what was searched for, case folded."""

    source: QgsVectorLayerFeatureSource
    crs: QgsCoordinateReferenceSystem
    labels: frozenset[str]


@dataclass(frozen=True)
class LayerState:
    """The layers at one time, topmost first."""

    rasters: tuple[KnownRaster, ...] = ()
    found: tuple[SearchedObjects, ...] = ()
    crs: QgsCoordinateReferenceSystem = field(default_factory=QgsCoordinateReferenceSystem)
    context: QgsCoordinateTransformContext = field(default_factory=QgsCoordinateTransformContext)

    def raster_at(self, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> Optional[KnownRaster]:
        """Return the topmost raster at the center of a geometry, None if there is none."""
        for raster in self.rasters:
            moved = self.moved(geometry, crs, raster.crs)
            if moved is not None and raster.extent.contains(moved.boundingBox().center()):
                return raster
        return None

    def count(self, name: str, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> Optional[int]:
        """Return the number of found objects of this name in a geometry; None if no layer was searched for them."""
        found = next((layer for layer in self.found if name.casefold() in layer.labels), None)
        moved = self.moved(geometry, crs, found.crs) if found is not None else None
        if found is None or moved is None:
            return None
        request = QgsFeatureRequest(moved.boundingBox())
        request.setSubsetOfAttributes([OBJECT], found.source.fields())
        named = (item for item in found.source.getFeatures(request) if _name(item[OBJECT]) == name.casefold())
        return sum(moved.contains(item.geometry().centroid()) for item in named)

    def moved(
        self, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, to: QgsCoordinateReferenceSystem
    ) -> Optional[QgsGeometry]:
        """Return a geometry in another CRS, None if it has no location there."""
        moved = QgsGeometry(geometry)
        try:
            moved.transform(transform_between(crs, to, self.context))
        except QgsCsException:
            return None
        return moved if moved.boundingBox().isFinite() and not moved.isEmpty() else None


class ProjectLayers(QObject):
    """Keeps `state` up to date. Create and close it on the main thread; read `state` in any thread."""

    def __init__(self, project: QgsProject) -> None:
        super().__init__()
        self._project = project
        self.state = LayerState()
        self._root = project.layerTreeRoot()
        project.layersAdded.connect(self._watch)
        project.layersRemoved.connect(self._read)
        project.crsChanged.connect(self._read)
        self._root.layerOrderChanged.connect(self._read)
        self._watch(list(project.mapLayers().values()))

    def close(self) -> None:
        """Follow the project no longer."""
        self._root.layerOrderChanged.disconnect(self._read)
        self._project.crsChanged.disconnect(self._read)
        self._project.layersRemoved.disconnect(self._read)
        self._project.layersAdded.disconnect(self._watch)
        self.state = LayerState()

    def _watch(self, layers: list[Any]) -> None:
        for layer in layers:
            if _holds_found(layer):
                for changed in (layer.dataChanged, layer.afterCommitChanges):
                    changed.connect(self._read)
        self._read()

    def _read(self, *_: object) -> None:
        layers = self._root.layerOrder()
        layers += [layer for layer in self._project.mapLayers().values() if layer not in layers]
        rasters = tuple(_raster(layer) for layer in layers if isinstance(layer, QgsRasterLayer) and layer.isValid())
        found = tuple(_found(layer) for layer in layers if _holds_found(layer))
        self.state = LayerState(rasters, found, self._project.crs(), self._project.transformContext())


def _raster(layer: QgsRasterLayer) -> KnownRaster:
    source = layer.source()
    try:
        stat = Path(source).stat()
        version = f"{stat.st_size} {stat.st_mtime_ns}"
    except (OSError, ValueError):
        version = ""
    return KnownRaster(layer.id(), without_secrets(layer.name()), source, version, layer.extent(), layer.crs())


def _holds_found(layer: Any) -> bool:
    return isinstance(layer, QgsVectorLayer) and layer.isValid() and set(layer.fields().names()) >= _FOUND


def _found(layer: QgsVectorLayer) -> SearchedObjects:
    """Return what a layer holds. Every object has the names of all objects that were searched for in `prompt`."""
    first = next(layer.getFeatures(QgsFeatureRequest().setLimit(1)), None)
    prompt = str(null_to_none(first["prompt"]) or "") if first is not None else ""
    labels = frozenset(_name(line) for line in prompt.splitlines() if line.strip())
    return SearchedObjects(QgsVectorLayerFeatureSource(layer), layer.crs(), labels)


def _name(value: object) -> str:
    return str(value).strip().casefold()
