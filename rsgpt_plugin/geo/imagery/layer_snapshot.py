"""Snapshots of raster layers: clones and settings that are taken on the main thread and used by a worker thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsMultiBandColorRenderer,
    QgsNetworkAccessManager,
    QgsProviderRegistry,
    QgsRasterDataProvider,
    QgsRasterLayer,
    QgsRectangle,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QThread

from ...errors import ImageryError
from .provider_bands import has_pixels
from .raster_file import FileAddress

translate = QCoreApplication.translate


@dataclass(frozen=True, eq=False)
class LayerSnapshot:
    """Clones and settings of a project's raster layer.

    extent: in the layer's CRS. renderer_bands: the bands that the style shows as red, green, and blue, or ().
    file: the address for GDAL; its path is "" for layers of other providers.
    network: the main thread's access manager, which reports the replies of all threads.
    """

    name: str
    crs: QgsCoordinateReferenceSystem
    context: QgsCoordinateTransformContext
    extent: QgsRectangle
    layer: QgsRasterLayer
    provider: QgsRasterDataProvider
    renderer_bands: tuple[int, ...]
    file: FileAddress
    network: QgsNetworkAccessManager

    @property
    def has_pixels(self) -> bool:
        """Whether the provider has pixels to read. A map service that draws pictures has none."""
        return has_pixels(self.provider)

    def enter_thread(self) -> None:
        """Move the clones to the calling thread. Call this once, in the thread that reads the pixels."""
        for clone in (self.layer, self.provider):
            clone.moveToThread(QThread.currentThread())

    def leave_thread(self) -> None:
        """Detach the clones from the thread that read the pixels, after the last read."""
        for clone in (self.layer, self.provider):
            if clone.thread() == QThread.currentThread():
                clone.moveToThread(None)

    def __del__(self) -> None:
        """Move detached clones to the thread that drops the last reference.

        Without a thread, Qt would never delete them: each run would leak an open file and the memory of a layer.
        """
        for clone in (self.layer, self.provider):
            if not sip.isdeleted(clone) and clone.thread() is None:
                clone.moveToThread(QThread.currentThread())


def check_source(source: Any) -> None:
    """Raise ImageryError if a source is a file with several rasters, which QGIS reports only as not found."""
    layers = QgsProviderRegistry.instance().querySublayers(source) if isinstance(source, str) else []
    names = [layer.uri() for layer in layers if layer.type() == Qgis.LayerType.Raster]
    if len(names) > 1:
        message = translate("Rsgpt", "{name} holds several rasters. Give the name of one: {names}.")
        raise ImageryError(message.format(name=source, names=", ".join(names)))


def check_layer(layer: QgsRasterLayer) -> None:
    """Raise ImageryError if the layer is broken, or has no CRS or no position."""
    if not layer.isValid() or layer.dataProvider() is None:
        raise _error(translate("Rsgpt", "The layer '{name}' cannot be read. Check its source."), layer)
    if not layer.crs().isValid():
        raise _error(
            translate(
                "Rsgpt",
                "The layer '{name}' has no coordinate system, so its tiles cannot be placed on the map. Set one "
                "in the layer properties under Source, then run again.",
            ),
            layer,
        )
    if _is_at_the_origin(layer) and _file(layer).has_grid() is False:
        raise _error(
            translate(
                "Rsgpt",
                "The raster '{name}' has a coordinate system but no position (no geotransform, world file, or control "
                "points), so its tiles cannot be placed on the map. Georeference the raster, then run again.",
            ),
            layer,
        )


def take_snapshot(layer: QgsRasterLayer, context: QgsCoordinateTransformContext) -> LayerSnapshot:
    """Take a snapshot of a layer. Call this on the main thread. Raises ImageryError like `check_layer`."""
    check_layer(layer)
    provider = layer.dataProvider().clone()
    sip.transferback(provider)  # QGIS 3.40 leaves clone() without an owner, so it would leak
    snapshot = LayerSnapshot(
        layer.name(), layer.crs(), context, layer.extent(), layer.clone(), provider,
        _renderer_bands(layer), _file(layer), QgsNetworkAccessManager.instance(),
    )  # fmt: skip
    for clone in (snapshot.layer, snapshot.provider):
        clone.moveToThread(None)
    return snapshot


def _error(message: str, layer: QgsRasterLayer) -> ImageryError:
    return ImageryError(message.format(name=layer.name()))


def _renderer_bands(layer: QgsRasterLayer) -> tuple[int, ...]:
    renderer = layer.renderer()
    if not isinstance(renderer, QgsMultiBandColorRenderer):
        return ()
    bands = (renderer.redBand(), renderer.greenBand(), renderer.blueBand())
    return bands if all(band > 0 for band in bands) else ()


def _is_at_the_origin(layer: QgsRasterLayer) -> bool:
    """Whether the layer has the extent that QGIS gives to a raster without position: one unit per pixel, at (0, 0)."""
    extent, rows = layer.extent(), {layer.extent().yMinimum(), layer.extent().yMaximum()}
    return (extent.xMinimum(), extent.xMaximum()) == (0.0, layer.width()) and rows in (
        {0.0, layer.height()}, {0.0, -layer.height()}
    )  # fmt: skip


def _file(layer: QgsRasterLayer) -> FileAddress:
    """Return an empty address if access needs credentials that QGIS stores: GDAL alone does not have them."""
    parts = QgsProviderRegistry.instance().decodeUri("gdal", layer.source()) if layer.providerType() == "gdal" else {}
    if not parts.get("path") or parts.get("authcfg") or parts.get("credentialOptions"):
        return FileAddress("")
    path = f"{parts.get('vsiPrefix') or ''}{parts['path']}{parts.get('vsiSuffix') or ''}"
    if parts.get("layerName"):
        path = f"GPKG:{path}:{parts['layerName']}"
    return FileAddress(path, tuple(parts.get("openOptions") or ()))
