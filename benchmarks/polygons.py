"""Speed of QGIS with a layer of very many results: on the map, under the mouse, and in the results table.

    QT_QPA_PLATFORM=offscreen PYTHONPATH=. build/qgis-tests/bin/python -m benchmarks.polygons

Rows with made-up answers are written as the algorithms write them, then opened with the style that Processing sets.
Drawing runs in the background; "the window does not respond" is the longest time between two event loops.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsFeatureSource,
    QgsGeometry,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProcessingContext,
    QgsProcessingUtils,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas, QgsMapToolIdentify
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QColor, QIcon

from benchmarks.common import Row, print_table, timed
from rsgpt_plugin.geo.results.schema import attributes, output_fields
from rsgpt_plugin.geo.results.styles.style import apply_style
from rsgpt_plugin.gui.results_table.arrangement import RowFilter
from rsgpt_plugin.gui.results_table.results_dock import ResultsDock
from rsgpt_plugin.services.asking.feature_selection import polygon_at
from rsgpt_plugin.shared.answers.questions import parse_questions
from rsgpt_plugin.shared.answers.typed_answers import TypedAnswer
from rsgpt_plugin.shared.results.rows import RowValues, Status

QUESTIONS = parse_questions("water[yesno]: Is there any water?\nplanes[integer]: How many?\nscene: What is it?")
SIDE = 78.0  # side of a tile in meters
WEST, NORTH = 500_000.0, 4_000_000.0
SIZE = QSize(1920, 1080)
CLOSE = 12  # tiles across in a close view
WORDS = "a an the many some buildings trees road river airplane tennis court with beside of lawn parking lot".split()


@dataclass(frozen=True)
class PolygonShape:
    """Tiles in a square, numbered row by row."""

    count: int

    @property
    def across(self) -> int:
        """Tiles in a row."""
        return math.ceil(math.sqrt(self.count))

    def box(self, number: int) -> QgsRectangle:
        """Return the extent of a tile."""
        row, column = divmod(number, self.across)
        west, north = WEST + column * SIDE, NORTH - row * SIDE
        return QgsRectangle(west, north - SIDE, west + SIDE, north)


def write_seconds(path: Path, shape: PolygonShape) -> float:
    """Write all rows to the sink of an algorithm and return the seconds."""
    crs = QgsCoordinateReferenceSystem("EPSG:32611")
    fields, rng = output_fields(QUESTIONS), random.Random(1)
    context = QgsProcessingContext()
    started = time.perf_counter()
    sink, _ = QgsProcessingUtils.createFeatureSink(str(path), context, fields, Qgis.WkbType.Polygon, crs)
    for number in range(shape.count):
        feature = QgsFeature(fields)
        feature.setGeometry(QgsGeometry.fromRect(shape.box(number)))
        feature.setAttributes(attributes(QUESTIONS, _row(number, rng)))
        sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
    del sink
    return time.perf_counter() - started


def _row(number: int, rng: random.Random) -> RowValues:
    caption = TypedAnswer(" ".join(rng.choices(WORDS, k=rng.randint(6, 20))).capitalize() + ".", rng.random())
    values: dict[str, str | int] = {"water": rng.random() < 0.5, "planes": rng.randrange(9), "scene": rng.choice(WORDS)}
    provenance: dict[str, str | float] = {
        "model": "rsgpt-small", "weights_sha256": "f" * 64, "prompt": "Describe this image.", "gsd_m": 0.3,
        "image_sha256": hashlib.sha256(str(number).encode()).hexdigest(), "bands": "1,2,3", "stretch": "none",
        "asked_at": "2026-11-28T00:00:00.000+00:00", "plugin_version": "0.1.0",
    }  # fmt: skip
    answers = {name: TypedAnswer(value, rng.random()) for name, value in values.items()}
    return RowValues(Status.ANSWERED, "", caption, answers, provenance)


def on_the_map(layer: QgsVectorLayer, shape: PolygonShape) -> Iterator[Row]:
    """Measure drawing at several scales."""
    for name, tiles, target in (
        ("the whole layer", shape.across, "3 s"),
        ("100 tiles across", 100, "1 s"),
        (f"{CLOSE} tiles across", CLOSE, "0.5 s"),
    ):
        seconds, labels = drawn(layer, _view(shape, tiles))
        yield f"drawing {name}", f"{seconds:.2f} s, {labels} labels", target


def _view(shape: PolygonShape, tiles: int) -> QgsRectangle:
    middle = shape.box(shape.across * (shape.across // 2) + shape.across // 2).center()
    return QgsRectangle.fromCenterAndSize(middle, tiles * SIDE, tiles * SIDE * SIZE.height() / SIZE.width())


def drawn(layer: QgsVectorLayer, extent: QgsRectangle) -> tuple[float, int]:
    """Draw the layer; return the seconds and the number of labels."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setOutputSize(SIZE)
    settings.setExtent(extent)
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererParallelJob(settings)
    started = time.perf_counter()
    job.start()
    job.waitForFinished()
    seconds = time.perf_counter() - started
    return seconds, len(job.takeLabelingResults().allLabels())


def under_the_mouse(layer: QgsVectorLayer, shape: PolygonShape) -> Iterator[Row]:
    """Measure QGIS's identify tool and the plugin's search for the tile under the mouse."""
    canvas = QgsMapCanvas()
    canvas.resize(SIZE)
    canvas.setDestinationCrs(layer.crs())
    canvas.setLayers([layer])
    canvas.setExtent(_view(shape, CLOSE))
    tool = QgsMapToolIdentify(canvas)
    place = (SIZE.width() // 2, SIZE.height() // 2)
    seconds, found = timed(lambda: tool.identify(*place, [layer], QgsMapToolIdentify.IdentifyMode.DefaultQgsSetting))
    yield "identifying at a point", f"{1000 * seconds:.0f} ms, {len(found)} found", "100 ms"
    view = canvas.mapSettings()
    seconds, polygon = timed(lambda: polygon_at(view, view.extent().center()))
    yield (
        "the tile under the mouse, for the menu",
        f"{1000 * seconds:.0f} ms, {int(polygon is not None)} found",
        "100 ms",
    )


def in_the_table(layer: QgsVectorLayer) -> Iterator[Row]:
    """Measure opening the results table, then filtering, sorting, and selecting its rows."""
    QgsProject.instance().addMapLayer(layer)
    dock = ResultsDock(QgsProject.instance(), QIcon())
    dock.resize(1600, 500)
    dock.show()
    ready: list[Any] = []
    dock.rows.read.connect(ready.append)
    started = time.perf_counter()
    dock.show_layer(layer)
    blocked = _until(lambda: bool(ready))
    count = len(dock.model.all_rows)
    yield "the table, until all rows are loaded", f"{time.perf_counter() - started:.1f} s, {count} rows", "10 s"
    yield "meanwhile, the window does not respond", f"{1000 * blocked:.0f} ms", "500 ms"
    settled = time.perf_counter() + 1  # the filter bar applies its choices after a delay
    _until(lambda: time.perf_counter() > settled)
    for name, act in (
        ("searching a word", lambda: dock.model.set_filter(RowFilter("airplane"))),
        ("minimum confidence 70 %", lambda: dock.model.set_filter(RowFilter(least=0.7))),
        ("all rows again", lambda: dock.model.set_filter(RowFilter())),
        ("sorting by caption", lambda: dock.model.sort(1, Qt.SortOrder.AscendingOrder)),
        ("selecting all rows", dock.view.selectAll),
        ("selecting none", dock.view.clearSelection),
    ):
        seconds, _ = timed(lambda: (act(), QgsApplication.processEvents()))  # noqa: B023 - called at once
        yield f"the table: {name}", f"{1000 * seconds:.0f} ms, {len(dock.model.shown_rows)} rows", "500 ms"
    dock.close_all()


def _until(ended: Callable[[], bool]) -> float:
    """Process events until `ended` returns true; return the longest time of one round of events."""
    longest = 0.0
    while not ended():
        longest = max(longest, timed(QgsApplication.processEvents)[0])
    return longest


def rows(path: Path, shape: PolygonShape) -> Iterator[Row]:
    """Yield the rows of the table as they are measured."""
    seconds = write_seconds(path, shape)
    yield "writing", f"{seconds:.1f} s for {shape.count} rows, {path.stat().st_size / 1e6:.0f} MB", ""
    seconds, layer = timed(lambda: QgsVectorLayer(str(path), "answers", "ogr"))
    styling, _ = timed(lambda: apply_style(layer))
    yield "opening and styling", f"{seconds + styling:.2f} s", "1 s"
    indexed = layer.hasSpatialIndex() == QgsFeatureSource.SpatialIndexPresence.SpatialIndexPresent
    yield "spatial index", "yes" if indexed else "no", "yes"
    yield from on_the_map(layer, shape)
    yield from under_the_mouse(layer, shape)
    yield from in_the_table(layer)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        os.environ["RSGPT_HOME"] = folder
        application = QgsApplication([], True)
        application.initQgis()
        print_table(rows(Path(folder, "answers.gpkg"), PolygonShape(args.rows)))
        QgsProject.instance().clear()
        application.exitQgis()
    return 0


if __name__ == "__main__":
    sys.exit(main())
