"""The check box asks about the answer that is followed, once, while it is checked; for counts, it checks itself."""

from __future__ import annotations

import pytest
from qgis.core import QgsVectorLayer

from rsgpt_plugin.geo.results.layer_rows import LayerRow, RowReader
from rsgpt_plugin.gui.showing.row_bar import RowBar
from rsgpt_plugin.services.showing.subject import ShownSubject
from tests.plugin.results import results_layer


def test_the_followed_answer_is_shown_while_the_box_is_checked(
    qgis_new_project: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = results_layer(["a", "b"])
    rows = [RowReader(layer).row(feature) for feature in layer.getFeatures()]
    bar, asked = RowBar(), list[ShownSubject]()
    monkeypatch.setattr(bar.where, "show", asked.append)
    bar.follow(layer, rows[0], "cars")
    assert asked == []
    bar.box.click()
    bar.follow(layer, rows[0], "cars")
    assert [subject.question for subject in asked] == ["How many cars are there?"]
    bar.follow(layer, rows[1], "trees")
    assert (asked[-1].question, asked[-1].image_sha256) == ("Are there trees?", rows[1].sha256)
    bar.follow(layer, rows[1], "caption")
    assert bar.note.text() == "This answer is not about a thing in a picture."
    bar.box.click()
    assert (bar.note.text(), len(asked)) == ("", 2)


@pytest.fixture
def counted(qgis_new_project: None) -> tuple[QgsVectorLayer, LayerRow]:
    """A row whose cars the finder counted; the classifier saw the trees."""
    layer = results_layer(["a"])
    (feature,) = layer.getFeatures()
    index = layer.fields().indexOf("answered_by")
    layer.dataProvider().changeAttributeValues({feature.id(): {index: "cars: finder; trees: classifier"}})
    return layer, RowReader(layer).row(layer.getFeature(feature.id()))


def test_what_was_counted_is_shown_until_the_user_decides(
    counted: tuple[QgsVectorLayer, LayerRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    bar, asked = RowBar(), list[ShownSubject]()
    monkeypatch.setattr(bar.where, "show", asked.append)
    checked = []
    for column in ("cars", "trees", "caption"):
        bar.follow(*counted, column)
        checked.append((bar.box.isChecked(), bar.note.text(), len(asked)))
    assert checked == [(True, "", 1), (False, "", 1), (False, "", 1)]
    bar.follow(*counted, "cars")
    bar.keep_showing()
    bar.follow(*counted, "trees")
    assert (bar.box.isChecked(), len(asked)) == (True, 3)
    bar.box.click()
    bar.follow(*counted, "cars")
    assert (bar.box.isChecked(), len(asked)) == (False, 3)
