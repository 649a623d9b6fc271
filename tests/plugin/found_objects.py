"""Layers of found objects as the algorithm and `rsgpt batch --find` write them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qgis.core import QgsFeature, QgsGeometry, QgsPointXY, QgsProject, QgsRectangle, QgsVectorFileWriter, QgsVectorLayer

from rsgpt_plugin.geo.results.schema import field_of
from rsgpt_plugin.shared.results.columns import object_columns
from tests.plugin.results import ENDINGS, sha256_of

Found = tuple[str, float]  # label and confidence


def objects_layer(
    objects: Sequence[Found], is_boxed: bool = False, kind: str = "memory", folder: Path | None = None
) -> QgsVectorLayer:
    """Add a layer of objects, 10 m apart, to the project. kind: memory, or the driver of a file in `folder`."""
    layer = QgsVectorLayer(f"{'Polygon' if is_boxed else 'Point'}?crs=EPSG:32611", "objects", "memory")
    layer.dataProvider().addAttributes([field_of(column) for column in object_columns()])
    layer.updateFields()
    layer.dataProvider().addFeatures([_feature(layer, number, *found) for number, found in enumerate(objects)])
    layer.updateExtents()
    if folder is not None and kind != "memory":
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.driverName, path = kind, str(folder / f"objects.{ENDINGS[kind]}")
        context = QgsProject.instance().transformContext()
        QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, context, options)
        layer = QgsVectorLayer(path, "objects")
    return QgsProject.instance().addMapLayer(layer)


def _feature(layer: QgsVectorLayer, number: int, label: str, confidence: float) -> QgsFeature:
    feature, x = QgsFeature(layer.fields()), 500000 + 10 * number
    box = QgsGeometry.fromRect(QgsRectangle(x, 3999980, x + 6, 3999986))
    is_boxed = layer.wkbType() == box.wkbType()
    feature.setGeometry(box if is_boxed else QgsGeometry.fromPointXY(QgsPointXY(x, 3999980)))
    values = {
        "object": label, "confidence": confidence, "model": "rsgpt-small", "prompt": "airplane\ncar",
        "image_sha256": sha256_of(0), "search_window": 3,
    }  # fmt: skip
    for name, value in values.items():
        feature[name] = value
    return feature
