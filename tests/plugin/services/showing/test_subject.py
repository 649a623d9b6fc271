"""The question, the picture, and the place of an answer in a results layer."""

from __future__ import annotations

import math
from typing import Any

import pytest
from qgis.core import QgsGeometry, QgsPointXY, QgsRectangle, QgsVectorLayer

from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.core.conversation_history import CapturedView, ConversationMessage
from rsgpt_plugin.core.run_store import RunRequest
from rsgpt_plugin.geo.imagery.tile_geometry import QgisGrid
from rsgpt_plugin.geo.results.layer_metadata import record_run
from rsgpt_plugin.geo.results.layer_rows import RowReader
from rsgpt_plugin.services.showing.subject import MapFrame, ShownSubject, fits, message_subject, row_subject
from rsgpt_plugin.shared.rasters.tiles import Window
from tests.plugin.results import fids, results_layer


def test_the_answer_of_a_row_has_its_question_picture_and_place(qgis_new_project: None) -> None:
    layer = results_layer(["a", "b"])
    feature = layer.getFeature(fids(layer)[0])
    row = RowReader(layer).row(feature)
    question = next(line for line in row.prompt.splitlines() if line.startswith("cars")).partition(": ")[2]
    subject = row_subject(layer, row, "cars")
    assert subject is not None
    assert (subject.question, subject.image_sha256) == (question, row.sha256)
    assert row_subject(layer, row, "caption") is None
    assert row_subject(layer, row._replace(sha256=""), "cars") is None


def test_a_tile_is_the_place_of_its_picture_and_a_building_in_it_is_not(qgis_new_project: None) -> None:
    layer = results_layer(["a"])
    fid = fids(layer)[0]
    index = layer.fields().indexOf("gsd_m")
    for side, is_place in ((50, True), (40, False)):
        box = QgsRectangle(500_000, 5_000_000, 500_000 + side, 5_000_000 + side)
        layer.dataProvider().changeGeometryValues({fid: QgsGeometry.fromRect(box)})
        layer.dataProvider().changeAttributeValues({fid: {index: 0.5}})
        subject = row_subject(layer, RowReader(layer).row(layer.getFeature(fid)), "cars")
        assert subject is not None
        assert subject.frame is not None
        assert (subject.frame.top_left.x(), subject.frame.top_left.y()) == (box.xMinimum(), box.yMaximum())
        assert (subject.frame.bottom_left.x(), subject.frame.top_right.y()) == (box.xMinimum(), box.yMaximum())
        assert fits(subject.frame, 100, 100, subject.gsd_m) is is_place
    triangle = QgsGeometry.fromWkt("POLYGON((0 0, 1 0, 0 1, 0 0))")
    layer.dataProvider().changeGeometryValues({fid: triangle})
    subject = row_subject(layer, RowReader(layer).row(layer.getFeature(fid)), "cars")
    assert subject is not None
    assert subject.frame is None


def tile_frame(layer: QgsVectorLayer, grid: QgisGrid, window: Window) -> MapFrame:
    """Return the frame of the row whose tile is a window of a grid."""
    fid, gsd_m = fids(layer)[0], layer.fields().indexOf("gsd_m")
    layer.dataProvider().changeGeometryValues({fid: grid.polygon(window)})
    layer.dataProvider().changeAttributeValues({fid: {gsd_m: 0.5}})
    subject = row_subject(layer, RowReader(layer).row(layer.getFeature(fid)), "cars")
    assert subject is not None
    assert subject.frame is not None
    return subject.frame


def place(frame: MapFrame) -> Any:
    """Return the place of a point in a picture of 100 x 100 pixels."""
    point = frame.point(0.2, 0.7)
    return pytest.approx((point.x(), point.y()))


def turned(degrees: float, mirror: int = 1) -> QgisGrid:
    """Return a grid with pixels of half a meter, turned to the left. mirror: -1 for rows that run to the north."""
    cos, sin = 0.5 * math.cos(math.radians(degrees)), 0.5 * math.sin(math.radians(degrees))
    return QgisGrid((500_000.0, cos, mirror * sin, 5_000_000.0, sin, -mirror * cos), 400, 400)


@pytest.mark.parametrize("degrees", [0, 30, 60, 90, 150, 200, 300])
def test_a_tile_of_a_turned_raster_is_turned(qgis_new_project: None, degrees: float) -> None:
    frame = tile_frame(results_layer(["a"]), turned(degrees), Window(100, 200, 100, 100))
    assert turned(degrees).point(120, 270) == place(frame)


@pytest.mark.parametrize("degrees", [0, 20, 100])
def test_a_tile_of_a_raster_whose_first_row_is_in_the_south(qgis_new_project: None, degrees: float) -> None:
    layer = results_layer(["a"])
    record_run(layer, RunRequest("describeraster", "scenes", {}))
    frame = tile_frame(layer, turned(degrees, mirror=-1), Window(100, 200, 100, 100))
    assert turned(degrees, mirror=-1).point(120, 270) == place(frame)


def test_the_place_of_an_answer_of_the_panel() -> None:
    view = CapturedView("", "", "EPSG:32633", (0.0, 0.0, 10.0, 20.0), "00", (10, 20), (10, 20), 1.0)
    message = ConversationMessage("How many cars?", model="rsgpt-small", answered_by="finder")
    frame = message_subject(view, message).frame
    assert frame is not None
    assert (frame.point(0, 0).y(), frame.point(1, 1).x()) == (20.0, 10.0)
    corners = ((0.0, 10.0), (5.0, 20.0), (5.0, 0.0))
    of_corners = message_subject(CapturedView(**{**vars(view), "corners": corners}), message)
    assert of_corners.by_finder
    assert of_corners.frame is not None
    assert of_corners.frame.point(1, 1) == QgsPointXY(10, 10)


def test_a_row_that_was_deleted_has_no_subject(qgis_new_project: None) -> None:
    layer = results_layer(["a"])
    row = RowReader(layer).row(layer.getFeature(fids(layer)[0]))
    layer.dataProvider().deleteFeatures([row.fid])
    assert row_subject(layer, row, "cars") is None


@pytest.mark.parametrize(
    ("model", "fingerprint", "expected"),
    [("", "", True), ("m", "", True), ("n", "", False), ("m", "f", True), ("n", "f", True), ("m", "g", False)],
)
def test_whose_answer_it_is(model: str, fingerprint: str, expected: bool) -> None:
    subject = ShownSubject("?", "00", None, None, model=model, fingerprint=fingerprint)
    assert subject.is_answer_of(ModelInfo("m", fingerprint="f")) is expected


def test_the_part_that_answered(qgis_new_project: None) -> None:
    layer = results_layer(["a"])
    fid, index = fids(layer)[0], layer.fields().indexOf("answered_by")
    layer.dataProvider().changeAttributeValues({fid: {index: "cars: finder; trees: classifier"}})
    row = RowReader(layer).row(layer.getFeature(fid))
    subjects = [row_subject(layer, row, name) for name in ("cars", "trees")]
    assert [subject and (subject.by_finder, subject.model) for subject in subjects] == [
        (True, "rsgpt-small"),
        (False, "rsgpt-small"),
    ]
