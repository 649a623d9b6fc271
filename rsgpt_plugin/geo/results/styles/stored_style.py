"""The style of a results layer and the description of its run, stored in its GeoPackage.

QGIS applies a stored default style when the layer is added to any project, and shows the description as its abstract.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Optional

from qgis.core import Qgis, QgsDataProvider, QgsMapLayer, QgsProviderRegistry, QgsReadWriteContext, QgsVectorLayer
from qgis.PyQt.QtXml import QDomDocument

from ....shared.files.geopackage import OUR_STYLE, STYLE_TIMEOUT_S, has_style, put_style, set_description
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
    not call this on the main thread, nor for a file that it has open: see `StyleUpdate`. Raises OutputError if the file
    is locked or not writable.
    """
    place = geopackage_layer(source)
    if place is None:
        return
    StyleUpdate(*place, _our_styles(_opened(source), target or place[0])).store()
    if description:
        set_description(*place, description)


class StylePlace(NamedTuple):
    """Where QGIS looks for the default style of a layer. Made on the main thread, for the same reason as StyleUpdate.

    layer: its name in a GeoPackage, "" for other formats. style_file: the .qml file that QGIS would load.
    """

    path: Path
    layer: str
    style_file: Path
    geometry: Qgis.GeometryType

    @classmethod
    def of(cls, layer: QgsVectorLayer) -> StylePlace:
        """Return the place of an opened OGR layer."""
        path, name = _geopackage_of(layer) or (Path(), "")
        return cls(path, name, Path(layer.styleURI()), layer.geometryType())

    def has_style(self) -> bool:
        """Return whether there is a style. Raises OutputError if the file is locked."""
        is_in_file = bool(self.layer) and self.path.is_file() and has_style(self.path, self.layer)
        return is_in_file or is_style_file(self.style_file, self.geometry)


class StyleUpdate(NamedTuple):
    """Styles to store for a layer in a GeoPackage. `store` uses no objects of QGIS.

    Made on the main thread: QGIS 3.40 can hang if two threads open the same file. styles: QML by name, "" to remove
    the style. only_existing: whether a file without any style stays as it is.
    """

    path: Path
    layer: str
    styles: Mapping[str, str]
    only_existing: bool = False

    @classmethod
    def of(cls, layer: QgsVectorLayer) -> Optional[StyleUpdate]:
        """Return the update of our stored style to that of an opened layer; None if it is not in a GeoPackage."""
        place = _geopackage_of(layer)
        return cls(*place, {OUR_STYLE: _qml(layer.clone())}, only_existing=True) if place is not None else None

    @classmethod
    def ours(cls, layer: QgsVectorLayer) -> Optional[StyleUpdate]:
        """Return our style for the columns of an opened layer, None if it is not in a GeoPackage."""
        place = _geopackage_of(layer)
        return cls(*place, _our_styles(layer.clone(), place[0])) if place is not None else None

    def store(self, timeout_s: float = STYLE_TIMEOUT_S) -> None:
        """Store the styles. Raises OutputError if the file is not writable, or locked for longer than `timeout_s`."""
        is_present = has_style(self.path, self.layer, timeout_s)
        for name, qml in self.styles.items():
            if is_present or (qml and not self.only_existing):
                put_style(self.path, self.layer, qml, name, timeout_s)


def _our_styles(layer: QgsVectorLayer, path: Path) -> dict[str, str]:
    """Return the QML of our styles by name, for `layer`, which gets them; "" if the user has a file next to `path`."""
    if is_style_file(path.with_suffix(".qml"), layer.geometryType()):
        return {OUR_STYLE: "", heat_map_name(): ""}  # QGIS would prefer it to the user's file
    apply_style(layer)
    styles = {OUR_STYLE: _qml(layer)}
    columns = result_columns(layer)
    if columns.holds_objects and layer.geometryType() == Qgis.GeometryType.Point:
        show_heat_map(layer, columns)
        styles[heat_map_name()] = _qml(layer)
    return styles


def _geopackage_of(layer: QgsVectorLayer) -> Optional[tuple[Path, str]]:
    """Return file and name of an opened layer, None if it is not in a GeoPackage."""
    path = Path(str(QgsProviderRegistry.instance().decodeUri("ogr", layer.source()).get("path") or ""))
    if layer.providerType() != "ogr" or path.suffix.lower() != ".gpkg":
        return None
    name = _layer_name(layer)
    return (path, name) if name else None


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
