"""Results layers and pictures as the algorithms write them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRectangle, QgsVectorFileWriter, QgsVectorLayer
from qgis.PyQt.QtGui import QColor, QImage

from rsgpt_plugin.core.paths import picture_file
from rsgpt_plugin.core.picture_store import PictureStore
from rsgpt_plugin.encoding import encode
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.geo.results.styles.stored_style import StylePlace
from rsgpt_plugin.shared.answers.questions import parse_questions

QUESTIONS = "cars[integer]: How many cars are there?\ntrees[yesno]: Are there trees?"
ENDINGS = {"GPKG": "gpkg", "ESRI Shapefile": "shp"}
PROMPT = f"Describe this image.\n{QUESTIONS}"


def sha256_of(number: int) -> str:
    """Return a placeholder for the pixel hash of row `number`."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def results_layer(captions: Sequence[Any], kind: str = "memory", folder: Path | None = None) -> QgsVectorLayer:
    """Add a results layer to the project. Row n: caption n, confidence n / 10 up to 0.9, n cars, trees if n is even.

    kind: memory, or the driver of a file in `folder`.
    """
    fields = output_fields(parse_questions(QUESTIONS))
    layer = QgsVectorLayer("Polygon?crs=EPSG:32611", "answers", "memory")
    layer.dataProvider().addAttributes(fields)
    layer.updateFields()
    features = [_feature(layer, number, caption) for number, caption in enumerate(captions)]
    layer.dataProvider().addFeatures(features)
    layer.updateExtents()
    if folder is not None and kind != "memory":
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.driverName = kind
        path = str(folder / f"answers.{ENDINGS[kind]}")
        context = QgsProject.instance().transformContext()
        QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, context, options)
        layer = QgsVectorLayer(path, "answers")
    return QgsProject.instance().addMapLayer(layer)


def _feature(layer: QgsVectorLayer, number: int, caption: Any) -> QgsFeature:
    feature = QgsFeature(layer.fields())
    x, y = 500000 + 20 * (number % 100), 3999980 - 20 * (number // 100)
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(x, y, x + 16, y + 16)))
    confidence = min(9, number) / 10
    values = {
        "caption": caption, "confidence": confidence, "cars": number, "cars_confidence": 0.5, "trees": number % 2 == 0,
        "trees_confidence": 1 - confidence, "status": "answered", "model": "rsgpt-small", "prompt": PROMPT,
        "image_sha256": sha256_of(number),
    }  # fmt: skip
    for name, value in values.items():
        feature[name] = value
    return feature


def fids(layer: QgsVectorLayer) -> list[int]:
    """Return the feature ids in ascending order."""
    return sorted(feature.id() for feature in layer.getFeatures())


def png(color: str = "red", side: int = 128) -> bytes:
    """Return a picture of one color as PNG."""
    image = QImage(side, side, QImage.Format.Format_RGB888)
    image.fill(QColor(color))
    return encode(image)


def keep_pictures(numbers: Sequence[int]) -> None:
    """Add pictures of these rows to the picture store."""
    with PictureStore(picture_file(), 10**8) as store:
        for number in numbers:
            store.put(sha256_of(number), png())


USES = ("farmland", "dense residential", "water")


def add_uses(layer: QgsVectorLayer, uses: Sequence[str | None]) -> QgsVectorLayer:
    """Add the choice question `use` with one answer per row."""
    (question,) = parse_questions(f"use[choice({'|'.join(USES)})]: What is the land used for?")
    fields = output_fields([question])
    provider = layer.dataProvider()
    provider.addAttributes([fields.field("use"), fields.field("use_confidence")])
    layer.updateFields()
    index = layer.fields().indexOf
    provider.changeAttributeValues(
        {
            fid: {index("use"): use, index("use_confidence"): 0.8, index("prompt"): f"{PROMPT}\n{question.line}"}
            for fid, use in zip(fids(layer), uses)
        }
    )
    return layer


def has_stored_style(source: str) -> bool:
    """Return whether QGIS finds a default style for the source of an OGR layer."""
    options = QgsVectorLayer.LayerOptions(loadDefaultStyle=False)
    return StylePlace.of(QgsVectorLayer(source, "opened", "ogr", options)).has_style()
