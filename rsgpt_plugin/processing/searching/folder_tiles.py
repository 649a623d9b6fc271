"""The tiles of all rasters in a folder as pictures to search."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeedback,
    QgsGeometry,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import Cancelled, ImageryError
from ...geo.imagery.capture import CaptureOptions
from ...geo.imagery.layer_snapshot import LayerSnapshot, take_snapshot
from ...geo.imagery.tile_geometry import MAX_TILES
from ...geo.transforms import checked_transform
from ...shared.files.picture_folder import pictures_in
from .picture_set import LayerTiles, PicturePlace, SearchedPicture

translate = QCoreApplication.translate


@dataclass(frozen=True, eq=False)
class RasterFolder:
    """A folder of rasters. context: for their positions on the map."""

    path: Path
    context: QgsCoordinateTransformContext

    def tiles(self, size: int, feedback: QgsFeedback) -> FolderTiles:
        """Return the tiles with `size` pixels per side. Raises ImageryError without rasters, Cancelled on cancel."""
        return FolderTiles(self, size, feedback)


@dataclass(frozen=True, eq=False)
class _Raster:
    path: Path
    tiles: LayerTiles


class FolderTiles:
    """Keeps one raster open. Close it in the thread that reads pictures.

    crs: of the first raster that can be read. A raster that cannot be read counts as one picture.
    """

    def __init__(self, folder: RasterFolder, size: int, feedback: QgsFeedback) -> None:
        self._context, self._feedback = folder.context, feedback
        self._rasters: list[_Raster] = []
        self._pictures: list[Union[tuple[_Raster, int], ImageryError]] = []
        self._opened: Optional[tuple[_Raster, LayerTiles]] = None
        self.paths = pictures_in(folder.path)
        if not self.paths:
            message = translate("Rsgpt", "{folder} contains no PNG, JPEG, or TIFF file. Choose another folder.")
            raise ImageryError(message.format(folder=folder.path))
        for path in self.paths:
            self._add(path, size)
        self.crs = self._rasters[0].tiles.crs if self._rasters else QgsCoordinateReferenceSystem()

    def __len__(self) -> int:
        return len(self._pictures)

    def source(self, number: int) -> PicturePlace:
        """Return where a tile is."""
        picture = self._pictures[number]
        return PicturePlace() if isinstance(picture, ImageryError) else picture[0].tiles.source(picture[1])

    def geometry(self, number: int) -> QgsGeometry:
        """Return the polygon of a tile."""
        picture = self._pictures[number]
        if isinstance(picture, ImageryError):
            return QgsGeometry()
        raster, tile = picture
        outline = raster.tiles.geometry(tile)
        outline.transform(checked_transform(raster.tiles.crs, self.crs, self._context))
        return outline

    def picture(self, number: int) -> Optional[SearchedPicture]:
        """Return a tile, None if it has no valid pixel. Raises ImageryError if it cannot be read."""
        picture = self._pictures[number]
        if isinstance(picture, ImageryError):
            raise picture
        raster, tile = picture
        return self._open(raster).picture(tile)

    def picture_of(self, area: QgsGeometry) -> Optional[SearchedPicture]:
        """Return the picture of an area in this CRS, from the first raster that covers its center."""
        for raster in self._rasters:
            moved = QgsGeometry(area)
            moved.transform(checked_transform(self.crs, raster.tiles.crs, self._context))
            if raster.tiles.extent.contains(moved.boundingBox().center()):
                return self._open(raster).picture_of(moved)
        raise ImageryError(translate("Rsgpt", "The example lies on no raster of the folder. Choose another place."))

    def reopened(self, feedback: QgsFeedback) -> FolderTiles:
        """Return the same tiles for the calling thread."""
        tiles = copy(self)
        tiles._feedback, tiles._opened = feedback, None
        return tiles

    def close(self) -> None:
        """Close the open raster. Sources and geometries can still be read."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened[1].close()

    def _add(self, path: Path, size: int) -> None:
        if self._feedback.isCanceled():
            raise Cancelled(translate("Rsgpt", "Stopped. What was indexed so far is stored."))
        try:
            tiles = LayerTiles(self._snapshot(path), CaptureOptions(), size, None, self._feedback)
        except ImageryError as error:
            self._pictures.append(error.with_traceback(None))  # whose frames would keep the raster open
            return
        tiles.close()
        raster = _Raster(path, tiles)
        self._rasters.append(raster)
        self._pictures += [(raster, tile) for tile in range(len(tiles))]
        if len(self._pictures) > MAX_TILES:
            message = translate("Rsgpt", "The folder has more than {most} tiles. Choose larger tiles or a subfolder.")
            raise ImageryError(message.format(most=MAX_TILES))

    def _open(self, raster: _Raster) -> LayerTiles:
        if self._opened is None or self._opened[0] is not raster:
            self.close()
            self._opened = raster, raster.tiles.reopened(self._snapshot(raster.path), self._feedback)
        return self._opened[1]

    def _snapshot(self, path: Path) -> LayerSnapshot:
        return take_snapshot(QgsRasterLayer(str(path), path.name), self._context)  # a layer of this thread alone
