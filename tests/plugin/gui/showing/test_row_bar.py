"""The check box asks about the answer that is followed, once, while it is checked."""

from __future__ import annotations

import pytest

from rsgpt_plugin.geo.results.layer_rows import RowReader
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
