"""The question, the picture, and the place of an answer in a results layer."""

from __future__ import annotations

from qgis.core import QgsGeometry, QgsRectangle

from rsgpt_plugin.geo.results.layer_rows import RowReader
from rsgpt_plugin.services.showing.subject import fits, row_subject
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
