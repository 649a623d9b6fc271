"""The plugin produces the tiles and columns in tests/contract, as `rsgpt batch` does.

After an intended change, record the contract files again:

    QT_QPA_PLATFORM=offscreen build/qgis-tests/bin/python -m tests.plugin.geo.imagery.test_tiles_contract
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsCoordinateTransformContext, QgsFeedback, QgsRasterLayer, QgsRectangle
from qgis.PyQt.QtCore import QMetaType

from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.geo.imagery.capture import Capture, CaptureMode, CaptureOptions, open_capture
from rsgpt_plugin.geo.imagery.layer_snapshot import take_snapshot
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.shared.answers.questions import parse_questions
from rsgpt_plugin.shared.rasters.tiles import TileGrid, Window
from tests.contract import tiles
from tests.plugin.rasters import OddRaster, write

_TYPES = {getattr(QMetaType.Type, name): name for name in ("QString", "Double", "Bool", "Int", "QDateTime")}


def described(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return bands, stretch, and tiles of the plugin for the raster of a case."""
    odd = OddRaster(tuple(case["geotransform"]), case["crs"], case["nodata"])
    path = write(folder / "raster.tif", tiles.values(case), odd)
    snapshot = take_snapshot(QgsRasterLayer(str(path), "raster"), QgsCoordinateTransformContext())
    capture = open_capture(snapshot, CaptureOptions(CaptureMode.NATIVE), QgsRectangle(), QgsFeedback())
    grid = TileGrid(Window(0, 0, case["width"], case["height"]), case["size"], case["overlap"])
    windows = list(grid.windows())
    capture = capture.settled(windows, QgsFeedback())
    described_tiles = [described_tile(capture, window) for window in windows]
    shot = capture.picture(windows[0])
    return {"bands": shot.bands, "stretch": shot.stretch, "tiles": described_tiles}


def described_tile(capture: Capture, window: Window) -> dict[str, Any]:
    shot, corners = capture.picture(window), capture.frame.polygon(window).asPolygon()[0]
    return {
        "window": [window.x, window.y, window.width, window.height],
        "corners": [value for corner in corners for value in (corner.x(), corner.y())],
        "image_sha256": shot.sha256,
        "gsd_m": shot.gsd_m,
        "sent_gsd_m": ModelInfo("rsgpt-small").sent_gsd(shot.gsd_m),
        "empty": bool(shot.empty),
    }


def columns(lines: str) -> list[list[str]]:
    """Return name and Qt type of each column."""
    fields = output_fields(parse_questions(lines))
    return [[field.name(), _TYPES[field.type()]] for field in fields]


@pytest.mark.parametrize("case", tiles.cases(), ids=lambda case: str(case["name"]))
def test_tiles_are_as_recorded(case: dict[str, Any], tmp_path: Path) -> None:
    actual, recorded = described(case, tmp_path), case["found"]
    assert (actual["bands"], actual["stretch"]) == (recorded["bands"], recorded["stretch"])
    for tile, expected in zip(actual["tiles"], recorded["tiles"]):
        for exact in ("window", "image_sha256", "sent_gsd_m", "empty"):
            assert tile[exact] == expected[exact]
        assert (tile["gsd_m"] or 0.0) == pytest.approx(expected["gsd_m"] or 0.0, rel=1e-6)
        assert tile["corners"] == pytest.approx(expected["corners"], rel=1e-12)
    assert len(actual["tiles"]) == len(recorded["tiles"])


def test_columns_are_as_recorded() -> None:
    recorded = tiles.recorded_columns()
    assert columns("\n".join(recorded["questions"])) == recorded["columns"]


def record() -> None:
    """Record both contract files again."""
    with tempfile.TemporaryDirectory() as folder:
        cases = [{**case, "found": described(case, Path(folder))} for case in tiles.cases()]
    tiles.RECORD.write_text(tiles.compact(cases), "utf-8")
    recorded = tiles.recorded_columns()
    updated = {**recorded, "columns": columns("\n".join(recorded["questions"]))}
    tiles.COLUMNS.write_text(json.dumps(updated, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    from qgis.core import QgsApplication

    application = QgsApplication([], False)
    QgsApplication.initQgis()
    record()
    QgsApplication.exitQgis()
