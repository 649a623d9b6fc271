"""What a worker may know of a raster layer: clones and settings taken on the main thread. Reads no pixels."""

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
from .raster_file import FileAddress

translate = QCoreApplication.translate


@dataclass(frozen=True, eq=False)
class LayerSnapshot:
    """A raster layer's clones and settings; the project's layer itself stays behind.

    extent: in the layer's CRS. renderer_bands: what the layer's style shows as red, green, blue; may be
    empty. file: what GDAL opens for the layer; its path is "" for layers of other providers.
    network: the main thread's, which tells of all replies.
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
        """Whether there are pixels to read, rather than pictures that a server draws."""
        return self.provider.xSize() > 0 and self.provider.ySize() > 0 and self.provider.bandCount() > 0

    def enter_thread(self) -> None:
        """Hand the clones to the calling thread; to be called once, where the pixels will be read."""
        for clone in (self.layer, self.provider):
            clone.moveToThread(QThread.currentThread())

    def leave_thread(self) -> None:
        """Give them away again, from the thread that had them, when no pixel will be read any more."""
        for clone in (self.layer, self.provider):
            if clone.thread() == QThread.currentThread():
                clone.moveToThread(None)

    def __del__(self) -> None:
        """Take the clones to the thread that drops them: elsewhere, Qt would put off their end for ever.

        An open file and the memory of a layer would be lost with every run.
        """
        for clone in (self.layer, self.provider):
            if not sip.isdeleted(clone) and clone.thread() is None:
                clone.moveToThread(QThread.currentThread())


def check_source(source: Any) -> None:
    """Raise ImageryError if a source is a file that holds several rasters; QGIS only reports it as not found."""
    layers = QgsProviderRegistry.instance().querySublayers(source) if isinstance(source, str) else []
    names = [layer.uri() for layer in layers if layer.type() == Qgis.LayerType.Raster]
    if len(names) > 1:
        sentence = translate("Rsgpt", "{name} holds several rasters. Give the name of one: {names}.")
        raise ImageryError(sentence.format(name=source, names=", ".join(names)))


def check_layer(layer: QgsRasterLayer) -> None:
    """Raise ImageryError for a broken layer, or one without CRS or position."""
    if not layer.isValid() or layer.dataProvider() is None:
        raise _refusal(translate("Rsgpt", "The layer '{name}' cannot be read. Check its source."), layer)
    if not layer.crs().isValid():
        raise _refusal(
            translate(
                "Rsgpt",
                "The layer '{name}' has no coordinate system, so its tiles have no place on the map. Set one "
                "in the layer's properties under Source, then run again.",
            ),
            layer,
        )
    if _is_at_the_origin(layer) and _file(layer).has_grid() is False:
        raise _refusal(
            translate(
                "Rsgpt",
                "The raster '{name}' has a coordinate system, but no position in it (no geotransform, world file or "
                "control points), so its tiles have no place on the map. Georeference it, then run again.",
            ),
            layer,
        )


def take_snapshot(layer: QgsRasterLayer, context: QgsCoordinateTransformContext) -> LayerSnapshot:
    """Clone what a run needs. Main thread only. Raises ImageryError as `check_layer`."""
    check_layer(layer)
    provider = layer.dataProvider().clone()
    sip.transferback(provider)  # QGIS (3.40) does not say that it is ours, and nobody would ever delete it
    snapshot = LayerSnapshot(
        layer.name(), layer.crs(), context, layer.extent(), layer.clone(), provider,
        _renderer_bands(layer), _file(layer), QgsNetworkAccessManager.instance(),
    )  # fmt: skip
    for clone in (snapshot.layer, snapshot.provider):
        clone.moveToThread(None)
    return snapshot


def _refusal(sentence: str, layer: QgsRasterLayer) -> ImageryError:
    return ImageryError(sentence.format(name=layer.name()))


def _renderer_bands(layer: QgsRasterLayer) -> tuple[int, ...]:
    renderer = layer.renderer()
    if not isinstance(renderer, QgsMultiBandColorRenderer):
        return ()
    bands = (renderer.redBand(), renderer.greenBand(), renderer.blueBand())
    return bands if all(band > 0 for band in bands) else ()


def _is_at_the_origin(layer: QgsRasterLayer) -> bool:
    """Whether the layer's extent is what QGIS gives a raster without position: a unit per pixel from the origin."""
    extent, rows = layer.extent(), {layer.extent().yMinimum(), layer.extent().yMaximum()}
    return (extent.xMinimum(), extent.xMaximum()) == (0.0, layer.width()) and rows in (
        {0.0, layer.height()}, {0.0, -layer.height()}
    )  # fmt: skip


def _file(layer: QgsRasterLayer) -> FileAddress:
    """Nothing where access needs QGIS's credentials, which GDAL on its own does not have."""
    parts = QgsProviderRegistry.instance().decodeUri("gdal", layer.source()) if layer.providerType() == "gdal" else {}
    if not parts.get("path") or parts.get("authcfg") or parts.get("credentialOptions"):
        return FileAddress("")
    path = f"{parts.get('vsiPrefix') or ''}{parts['path']}{parts.get('vsiSuffix') or ''}"
    if parts.get("layerName"):
        path = f"GPKG:{path}:{parts['layerName']}"
    return FileAddress(path, tuple(parts.get("openOptions") or ()))
