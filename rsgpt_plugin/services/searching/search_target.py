"""What the dock searches: a raster or a results layer of the project, or a folder of rasters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

from qgis.core import QgsFeedback, QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer, QgsVectorLayerFeatureSource
from qgis.PyQt.QtCore import QCoreApplication

from ...client.preferences import load
from ...core.paths import picture_file
from ...core.picture_store import PictureStore
from ...errors import ImageryError
from ...geo.imagery.capture import CaptureOptions
from ...geo.imagery.layer_snapshot import LayerSnapshot, take_snapshot
from ...geo.results.column_roles import ResultColumns, result_columns
from ...geo.results.layer_metadata import is_results
from ...processing.searching.folder_tiles import FolderTiles, RasterFolder
from ...processing.searching.picture_set import LayerTiles, ResultRows

translate = QCoreApplication.translate

Pictures = Union[LayerTiles, FolderTiles, ResultRows]


@dataclass(frozen=True)
class SearchTarget:
    """A layer of the project, or a folder. layer: its id. size: side of a tile of a raster in pixels."""

    layer: str
    size: int = 256
    folder: str = ""


@dataclass(frozen=True, eq=False)
class TargetAccess:
    """What a background thread needs to read a target; taken on the main thread."""

    target: SearchTarget
    source: Union[LayerSnapshot, RasterFolder, QgsVectorLayerFeatureSource]
    columns: Optional[ResultColumns] = None

    @contextmanager
    def open(self, former: Optional[Pictures], store: PictureStore, feedback: QgsFeedback) -> Iterator[Pictures]:
        """Open the pictures in the calling thread. former: the same target, opened before."""
        if isinstance(self.source, RasterFolder):
            reopened = former.reopened(feedback) if isinstance(former, FolderTiles) else None
            folder = reopened or self.source.tiles(self.target.size, feedback)
            try:
                yield folder
            finally:
                folder.close()
            return
        if not isinstance(self.source, LayerSnapshot):
            if isinstance(former, ResultRows):
                former.store = store
                yield former
            elif self.columns is not None:
                yield ResultRows(list(self.source.getFeatures()), self.columns, self.source.crs(), store)
            return
        tiles = None
        try:
            if isinstance(former, LayerTiles):
                tiles = former.reopened(self.source, feedback)
            else:
                tiles = LayerTiles(self.source, CaptureOptions(), self.target.size, None, feedback)
            yield tiles
        finally:
            if tiles is not None:
                tiles.close()
            self.source.leave_thread()


def access(target: SearchTarget, project: QgsProject) -> TargetAccess:
    """Return the access to a target. Call this on the main thread. Raises ImageryError if it cannot be searched."""
    if target.folder:
        return TargetAccess(target, RasterFolder(Path(target.folder), project.transformContext()))
    layer = project.mapLayer(target.layer)
    if isinstance(layer, QgsRasterLayer):
        return TargetAccess(target, take_snapshot(layer, project.transformContext()))
    if isinstance(layer, QgsVectorLayer) and is_results(layer):
        return TargetAccess(target, QgsVectorLayerFeatureSource(layer), result_columns(layer))
    raise ImageryError(translate("Rsgpt", "Choose a raster or a results layer to search."))


def is_searchable(layer: QgsMapLayer) -> bool:
    """Whether a layer can be searched."""
    return (isinstance(layer, QgsRasterLayer) and layer.isValid()) or is_results(layer)


@contextmanager
def open_pictures() -> Iterator[PictureStore]:
    """Open the store of pictures for the calling thread."""
    with PictureStore(picture_file(), load().picture_bytes) as store:
        yield store
