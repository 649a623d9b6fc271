"""The rasters and the layers of found objects of the project, for functions that QGIS evaluates in any thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsFeature,
    QgsFeatureRequest,
    QgsFeedback,
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
from ...shared.results.descriptions import SearchedExtent, searched_extents

_FOUND = {OBJECT, CONFIDENCE, SEARCH_WINDOW, "prompt"}
_PATIENCE_MS = 10_000  # for a free connection to a database, as in the functions of QGIS


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
    """A layer of found objects. labels: what was searched for, case folded. areas: what was searched, in `crs`."""

    source: QgsVectorLayerFeatureSource
    crs: QgsCoordinateReferenceSystem
    labels: frozenset[str]
    areas: tuple[QgsRectangle, ...]

    def covers(self, box: QgsRectangle) -> bool:
        """Return whether a part of a box in `crs` was searched."""
        return any(not area.isNull() and box.intersects(area) for area in self.areas)

    def count(self, label: str, geometry: QgsGeometry, feedback: Optional[QgsFeedback]) -> int:
        """Return the number of objects in a geometry. feedback: of a map that may no longer be needed."""
        request = QgsFeatureRequest(geometry.boundingBox())
        request.setSubsetOfAttributes([OBJECT], self.source.fields())
        # QGIS is reading another layer while it evaluates the function, and limits the connections to a database.
        request.setRequestMayBeNested(True)
        request.setTimeout(_PATIENCE_MS)
        request.setFeedback(feedback)
        named = (item for item in self.source.getFeatures(request) if _name(item[OBJECT]) == label)
        return sum(geometry.contains(item.geometry().centroid()) for item in named)


@dataclass(frozen=True)
class LayerState:
    """The layers at one time, topmost first. crs: of the project. layer_crs: of its vector layers, by layer id."""

    rasters: tuple[KnownRaster, ...] = ()
    found: tuple[SearchedObjects, ...] = ()
    crs: QgsCoordinateReferenceSystem = field(default_factory=QgsCoordinateReferenceSystem)
    layer_crs: Mapping[str, QgsCoordinateReferenceSystem] = field(default_factory=dict)
    context: QgsCoordinateTransformContext = field(default_factory=QgsCoordinateTransformContext)

    def raster_at(self, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> Optional[KnownRaster]:
        """Return the topmost raster at the center of a geometry, None if there is none."""
        for raster in self.rasters:
            moved = self.moved(geometry, crs, raster.crs)
            if moved is not None and raster.extent.contains(moved.boundingBox().center()):
                return raster
        return None

    def count(
        self,
        name: str,
        geometry: QgsGeometry,
        crs: QgsCoordinateReferenceSystem,
        feedback: Optional[QgsFeedback] = None,
    ) -> Optional[int]:
        """Return the number of found objects of this name in a geometry; None if no layer was searched for them there.

        feedback: as in SearchedObjects.count.
        """
        label = _name(name)
        for found in self.found:
            moved = self.moved(geometry, crs, found.crs) if label in found.labels else None
            if moved is not None and found.covers(moved.boundingBox()):
                return found.count(label, moved, feedback)
        return None

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
                for changed in (layer.dataChanged, layer.afterCommitChanges, layer.metadataChanged):
                    changed.connect(self._read)
        self._read()

    def _read(self, *_: object) -> None:
        layers = self._root.layerOrder()
        layers += [layer for layer in self._project.mapLayers().values() if layer not in layers]
        rasters = tuple(_raster(layer) for layer in layers if isinstance(layer, QgsRasterLayer) and layer.isValid())
        context = self._project.transformContext()
        found = tuple(_found(layer, rasters, context) for layer in layers if _holds_found(layer))
        layer_crs = {layer.id(): layer.crs() for layer in layers if isinstance(layer, QgsVectorLayer)}
        self.state = LayerState(rasters, found, self._project.crs(), layer_crs, context)


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


def _found(
    layer: QgsVectorLayer, rasters: Sequence[KnownRaster], context: QgsCoordinateTransformContext
) -> SearchedObjects:
    """Return what a layer holds. Every object has the names of all objects that were searched for in `prompt`.

    A layer without objects has them in its description, one per line.
    """
    first, description = next(layer.getFeatures(QgsFeatureRequest().setLimit(1)), None), layer.metadata().abstract()
    searched = description if first is None else str(null_to_none(first["prompt"]) or "")
    labels = frozenset(_name(line) for line in searched.splitlines() if line.strip())
    areas = _searched_areas(layer, first, description, rasters, context)
    return SearchedObjects(QgsVectorLayerFeatureSource(layer), layer.crs(), labels, areas)


def _searched_areas(
    layer: QgsVectorLayer,
    first: Optional[QgsFeature],
    description: str,
    rasters: Sequence[KnownRaster],
    context: QgsCoordinateTransformContext,
) -> tuple[QgsRectangle, ...]:
    """Return the extents in the description, otherwise that of the objects and of their raster in the project."""
    stated = searched_extents(description)
    if stated:
        return tuple(_stated_box(extent, layer.crs(), context) for extent in stated)
    values = first.attributeMap() if first is not None else {}
    source = str(null_to_none(values.get("raster")) or "")
    raster = next((raster for raster in rasters if source and without_secrets(raster.source) == source), None)
    area = layer.extent()
    if raster is not None:
        area.combineExtentWith(_moved_box(raster.extent, raster.crs, layer.crs(), context))
    return (area,)


def _stated_box(
    stated: SearchedExtent, to: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext
) -> QgsRectangle:
    left, right, bottom, top = stated.sides
    crs = QgsCoordinateReferenceSystem(stated.crs) if stated.crs else to
    return _moved_box(QgsRectangle(left, bottom, right, top), crs, to, context)


def _moved_box(
    box: QgsRectangle,
    crs: QgsCoordinateReferenceSystem,
    to: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
) -> QgsRectangle:
    """Return a box in another CRS, a null one if it has no location there."""
    try:
        return transform_between(crs, to, context).transformBoundingBox(box)
    except QgsCsException:
        return QgsRectangle()


def _name(value: object) -> str:
    return str(value).strip().casefold()
