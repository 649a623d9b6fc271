"""Draws a raster with its described tiles to a PNG and prints their table; runs on the Python of QGIS."""

from __future__ import annotations

import sys

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsFeature,
    QgsFillSymbol,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsPalLayerSettings,
    QgsRasterLayer,
    QgsSingleSymbolRenderer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsUnitTypes,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor, QFont

WIDTH = 2400
LINE_LENGTH = 24
LABEL_POSITION = "make_point(x(centroid($geometry)), y_min($geometry) + 0.2 * (y_max($geometry) - y_min($geometry)))"
PROVENANCE = {"model", "weights_sha256", "prompt", "image_sha256", "gsd_m", "bands", "stretch", "asked_at"}
HIDDEN = PROVENANCE | {"fid", "plugin_version", "reason", "model_fingerprint", "answered_by"}


def main(raster_path: str, answers_path: str, picture_path: str) -> int:
    """Draw the map and print the table; return 1 if there is nothing to draw."""
    raster, answers = QgsRasterLayer(raster_path), QgsVectorLayer(answers_path)
    if not raster.isValid() or not answers.isValid() or not answers.featureCount():
        sys.stderr.write(f"There are no answers in {answers_path}. Run scripts/demo again.\n")
        return 1
    tiles = list(answers.getFeatures())
    style(answers, WIDTH * tiles[0].geometry().boundingBox().width() / raster.extent().width())
    draw(raster, answers, picture_path)
    print_table(tiles)
    return 0


def style(layer: QgsVectorLayer, tile_pixels: float) -> None:
    """Outline the tiles and label them with captions in a size that fits tiles of `tile_pixels`."""
    symbol = QgsFillSymbol.createSimple({"style": "no", "outline_color": "#ffdd33", "outline_width": "0.8"})
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))
    text = QgsTextFormat()
    text.setFont(QFont("DejaVu Sans"))
    text.setSizeUnit(QgsUnitTypes.RenderUnit.RenderPixels)
    text.setSize(1.45 * tile_pixels / LINE_LENGTH)
    text.setColor(QColor("white"))
    halo = QgsTextBufferSettings()
    halo.setEnabled(True)
    halo.setSizeUnit(QgsUnitTypes.RenderUnit.RenderPixels)
    halo.setSize(0.3 * text.size())
    halo.setColor(QColor(0, 0, 0, 200))
    text.setBuffer(halo)
    labels = QgsPalLayerSettings()
    labels.fieldName = f'wordwrap(coalesce("caption", "status"), {LINE_LENGTH})'
    labels.isExpression = True
    labels.placement = Qgis.LabelPlacement.OverPoint
    labels.multilineAlign = Qgis.LabelMultiLineAlignment.Center
    labels.geometryGenerator, labels.geometryGeneratorEnabled = LABEL_POSITION, True
    labels.geometryGeneratorType = Qgis.GeometryType.Point
    placement = labels.placementSettings()
    placement.setOverlapHandling(Qgis.LabelOverlapHandling.AllowOverlapAtNoCost)
    labels.setPlacementSettings(placement)
    labels.setFormat(text)
    layer.setLabeling(QgsVectorLayerSimpleLabeling(labels))
    layer.setLabelsEnabled(True)


def draw(raster: QgsRasterLayer, answers: QgsVectorLayer, path: str) -> None:
    """Render both layers, WIDTH pixels wide."""
    extent = raster.extent()
    extent.combineExtentWith(answers.extent())
    settings = QgsMapSettings()
    settings.setLayers([answers, raster])
    settings.setDestinationCrs(raster.crs())
    settings.setExtent(extent)
    settings.setOutputSize(QSize(WIDTH, round(WIDTH * extent.height() / extent.width())))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(path)


def print_table(tiles: list[QgsFeature]) -> None:
    """Print the captions and answers, one line per tile."""
    names = [name for name in tiles[0].fields().names() if name not in HIDDEN]
    rows = [names, *([shown(tile[name]) for name in names] for tile in tiles)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(names))]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())


def shown(value: object) -> str:
    """Return a value as text: at most 48 characters, two decimals, a dash for NULL."""
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if str(value) == "NULL" or value is None else str(value)[:48]


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    status = main(*sys.argv[1:4])
    application.exitQgis()
    sys.exit(status)
