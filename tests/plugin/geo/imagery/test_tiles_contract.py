"""The plugin's half of tests/contract/tiles.json and columns.json: `rsgpt batch` is held to the other half.

    QT_QPA_PLATFORM=offscreen build/qgis-tests/bin/python -m tests.plugin.geo.imagery.test_tiles_contract

records anew what the plugin does, after a change that is meant.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsCoordinateTransformContext, QgsFeedback, QgsRasterLayer, QgsRectangle
from qgis.PyQt.QtCore import QMetaType

from rsgpt_plugin.geo.imagery.capture import CaptureMode, CaptureOptions, open_capture
from rsgpt_plugin.geo.imagery.layer_snapshot import take_snapshot
from rsgpt_plugin.geo.imagery.native_capture import NativeCapture
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.shared.answers.questions import parse_questions
from rsgpt_plugin.shared.rasters.tiles import TileGrid, Window
from tests.contract import tiles
from tests.plugin.rasters import OddRaster, write

_TYPES = {getattr(QMetaType.Type, name): name for name in ("QString", "Double", "Bool", "Int", "QDateTime")}


def described(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What the plugin makes of a case's raster."""
    odd = OddRaster(tuple(case["geotransform"]), case["crs"], case["nodata"])
    path = write(folder / "raster.tif", tiles.values(case), odd)
    snapshot = take_snapshot(QgsRasterLayer(str(path), "raster"), QgsCoordinateTransformContext())
    capture = open_capture(snapshot, CaptureOptions(CaptureMode.NATIVE), QgsRectangle(), QgsFeedback())
    grid = TileGrid(Window(0, 0, case["width"], case["height"]), case["size"], case["overlap"])
    windows = list(grid.windows())
    capture = capture.settled(windows, QgsFeedback())
    found = [described_tile(capture, window) for window in windows]
    shot = capture.picture(windows[0])
    return {"bands": shot.bands, "stretch": shot.stretch, "tiles": found}


def described_tile(capture: NativeCapture, window: Window) -> dict[str, Any]:
    shot, corners = capture.picture(window), capture.frame.polygon(window).asPolygon()[0]
    return {
        "window": [window.x, window.y, window.width, window.height],
        "corners": [value for corner in corners for value in (corner.x(), corner.y())],
        "image_sha256": shot.sha256,
        "gsd_m": shot.gsd_m,
        "empty": bool(shot.empty),
    }


def columns(lines: str) -> list[list[str]]:
    """Name and type of each column, as Qt calls it."""
    fields = output_fields(parse_questions(lines))
    return [[field.name(), _TYPES[field.type()]] for field in fields]


@pytest.mark.parametrize("case", tiles.cases(), ids=lambda case: str(case["name"]))
def test_tiles_are_as_recorded(case: dict[str, Any], tmp_path: Path) -> None:
    found, recorded = described(case, tmp_path), case["found"]
    assert (found["bands"], found["stretch"]) == (recorded["bands"], recorded["stretch"])
    for mine, theirs in zip(found["tiles"], recorded["tiles"]):
        for exact in ("window", "image_sha256", "empty"):
            assert mine[exact] == theirs[exact]
        assert mine["gsd_m"] == pytest.approx(theirs["gsd_m"], rel=1e-6)
        assert mine["corners"] == pytest.approx(theirs["corners"], rel=1e-12)
    assert len(found["tiles"]) == len(recorded["tiles"])


def test_columns_are_as_recorded() -> None:
    recorded = tiles.recorded_columns()
    assert columns("\n".join(recorded["questions"])) == recorded["columns"]


def record() -> None:
    """Write both files anew."""
    with tempfile.TemporaryDirectory() as folder:
        found = [{**case, "found": described(case, Path(folder))} for case in tiles.cases()]
    tiles.RECORD.write_text(tiles.compact(found), "utf-8")
    asked = tiles.recorded_columns()
    told = {**asked, "columns": columns("\n".join(asked["questions"]))}
    tiles.COLUMNS.write_text(json.dumps(told, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    from qgis.core import QgsApplication

    application = QgsApplication([], False)
    QgsApplication.initQgis()
    record()
    QgsApplication.exitQgis()
