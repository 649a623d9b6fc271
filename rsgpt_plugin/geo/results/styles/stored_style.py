"""The style of a results layer and the description of its run, stored in its GeoPackage.

QGIS applies a stored default style when the layer is added to any project, and shows the description as its abstract.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Optional

from qgis.core import Qgis, QgsDataProvider, QgsMapLayer, QgsProviderRegistry, QgsReadWriteContext, QgsVectorLayer
from qgis.PyQt.QtXml import QDomDocument

from ....shared.files.geopackage import OUR_STYLE, has_style, put_style, set_description
from ..column_roles import result_columns
from .object_style import heat_map_name, show_heat_map
from .style import apply_style, is_style_file

_CATEGORIES = QgsMapLayer.StyleCategory
# What `apply_style` sets. Other properties, such as the request of the run with its paths, stay out of the file.
_STORED = _CATEGORIES.Symbology | _CATEGORIES.Labeling | _CATEGORIES.MapTips | _CATEGORIES.Fields | _CATEGORIES.Forms


def geopackage_layer(source: str) -> Optional[tuple[Path, str]]:
    """Return file and layer of the source of an OGR layer, or None if it is not in an existing GeoPackage.

    Do not call this on the main thread for a source without the name of the layer, as the file is opened.
    """
    parts = QgsProviderRegistry.instance().decodeUri("ogr", source)
    path = Path(str(parts.get("path") or ""))
    if path.suffix.lower() != ".gpkg" or not path.is_file():
        return None
    name = str(parts.get("layerName") or "") or _opened_name(source)
    return (path, name) if name else None


def store_style(source: str, description: str = "", target: Optional[Path] = None) -> None:
    """Store our style as the default of a layer in a GeoPackage, with the texts in the user's language.

    Other formats are ignored. A default style of the user, in the file or as a .qml file next to it, stays the
    default. description: replaces that of the layer, unless it is empty. target: the path that a draft will get. Do
    not call this on the main thread. Raises OutputError if the file is locked or not writable.
    """
    place = geopackage_layer(source)
    if place is None:
        return
    layer = _opened(source)
    if is_style_file((target or place[0]).with_suffix(".qml"), layer):
        for name in (OUR_STYLE, heat_map_name()) if has_style(*place) else ():
            put_style(*place, "", name)  # QGIS would prefer it to the user's file
    else:
        apply_style(layer)
        put_style(*place, _qml(layer))
        if result_columns(layer).holds_objects and layer.geometryType() == Qgis.GeometryType.Point:
            show_heat_map(layer, result_columns(layer))
            put_style(*place, _qml(layer), heat_map_name())
    if description:
        set_description(*place, description)


def has_stored_style(source: str) -> bool:
    """Return whether QGIS finds a default style for the source of an OGR layer. Do not call this on the main thread."""
    place = geopackage_layer(source)
    if place is not None and has_style(*place):
        return True
    layer = _opened(source)
    return is_style_file(Path(layer.styleURI()), layer)


class StyleUpdate(NamedTuple):
    """Our style for the present columns of a layer in a GeoPackage. `store` uses no objects of QGIS.

    Made on the main thread: QGIS 3.40 can hang if two threads open the same file.
    """

    path: Path
    layer: str
    qml: str

    @classmethod
    def of(cls, layer: QgsVectorLayer) -> Optional[StyleUpdate]:
        """Return the update of an opened layer, None if it is not in a GeoPackage."""
        path = Path(str(QgsProviderRegistry.instance().decodeUri("ogr", layer.source()).get("path") or ""))
        if layer.providerType() != "ogr" or path.suffix.lower() != ".gpkg":
            return None
        return cls(path, _layer_name(layer), _qml(layer.clone()))

    def store(self) -> None:
        """Replace our stored default style, if there is one. Raises OutputError if the file is locked."""
        if has_style(self.path, self.layer):
            put_style(self.path, self.layer, self.qml)


def _opened(source: str) -> QgsVectorLayer:
    return QgsVectorLayer(source, "opened", "ogr", QgsVectorLayer.LayerOptions(loadDefaultStyle=False))


def _opened_name(source: str) -> str:
    """Return the name of the layer that QGIS opens for a source without a name: not always the first table."""
    return _layer_name(_opened(source))


def _layer_name(layer: QgsVectorLayer) -> str:
    opened = layer.dataProvider().subLayers() if layer.isValid() else []
    return str(opened[0]).split(QgsDataProvider.sublayerSeparator())[1] if opened else ""


def _qml(layer: QgsVectorLayer) -> str:
    document = QDomDocument()
    layer.exportNamedStyle(document, QgsReadWriteContext(), _STORED)
    return str(document.toString())
