"""The estimate follows the values of the dialog, and its tiles are drawn on the map until the dialog closes."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from qgis.core import QgsRasterLayer
from qgis.gui import QgsMapCanvas, QgsRubberBand
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.geo.imagery.tile_geometry import frame_over
from rsgpt_plugin.gui.questions.run_preview import RunPreview, tile_lines
from rsgpt_plugin.services.runs.run_estimate import RunEstimate, TilePlan
from rsgpt_plugin.shared.rasters.tiles import TileGrid, Window


@pytest.fixture
def plan(scenes: QgsRasterLayer) -> TilePlan:
    frame = frame_over(scenes.extent(), scenes.rasterUnitsPerPixelX(), scenes.rasterUnitsPerPixelY())
    return TilePlan(frame, TileGrid(frame.whole, 256), scenes.crs())


def bands(canvas: QgsMapCanvas) -> list[QgsRubberBand]:
    return [item for item in canvas.scene().items() if isinstance(item, QgsRubberBand)]


def test_tiles_are_shown_on_the_map_until_the_dialog_closes(canvas: QgsMapCanvas, plan: TilePlan) -> None:
    found: list[Optional[RunEstimate]] = [RunEstimate(24, 3, 60.0, "", tiles=plan)]
    preview = RunPreview(lambda: found[-1], canvas)
    preview.show()
    preview.refresh()
    QTest.qWait(400)
    assert preview.label.text().startswith("24 tile(s) × 3 = 72 answers, about 1 min")
    assert bands(canvas) == []
    preview.show_tiles.click()
    (band,) = bands(canvas)
    assert band.asGeometry().boundingBox() == plan.frame.polygon(plan.grid.region).boundingBox()
    found.append(None)
    preview.refresh()
    QTest.qWait(400)
    assert (preview.label.text(), bands(canvas)) == ("", [])
    found.append(found[0])
    preview.refresh()
    QTest.qWait(400)
    assert len(bands(canvas)) == 1
    preview.hide()
    assert bands(canvas) == []


def test_without_a_canvas_or_tiles_there_is_nothing_to_show(qgis_app: Any, canvas: QgsMapCanvas) -> None:
    for preview in (RunPreview(lambda: None), RunPreview(lambda: RunEstimate(3, 1, 1.0, ""), canvas)):
        preview.refresh()
        QTest.qWait(400)
        assert preview.show_tiles.isHidden()


def test_the_lines_are_those_of_rows_and_columns(plan: TilePlan) -> None:
    strips = tile_lines(plan).asMultiPolygon()
    assert len(strips) == plan.grid.columns + plan.grid.rows == 6 + 4
    many = TilePlan(plan.frame, TileGrid(Window(0, 0, 1536, 1024), 16, 90), plan.crs)
    assert len(tile_lines(many).asPolygon()) == 1
