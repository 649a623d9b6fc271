"""Messages are text: what a model says is never markup."""

from __future__ import annotations

import pytest
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtWidgets import QPushButton

from rsgpt_plugin.gui.message_bar import MessageBar


@pytest.fixture
def bar(qgis_app: object) -> QgsMessageBar:
    return QgsMessageBar()


def test_markup_of_a_model_is_shown_and_not_followed(bar: QgsMessageBar) -> None:
    MessageBar(bar).answer('<a href="file:///etc">x</a>')
    (item,) = bar.items()
    assert item.text() == "&lt;a href=&quot;file:///etc&quot;&gt;x&lt;/a&gt;"


def test_an_answer_with_a_place_can_be_shown(bar: QgsMessageBar) -> None:
    taken: list[bool] = []
    MessageBar(bar).answer("a harbour", lambda: taken.append(True))
    (item,) = bar.items()
    button = item.findChild(QPushButton)
    assert button.text() == "Show"
    button.click()
    assert taken == [True]


def test_a_note_gives_way_to_what_comes_of_it(bar: QgsMessageBar) -> None:
    messages = MessageBar(bar)
    messages.note("looking")
    messages.note("still looking")
    assert [item.text() for item in bar.items()] == ["still looking"]
    messages.problem("nothing there")
    assert [item.text() for item in bar.items()] == ["nothing there"]


def test_a_note_that_was_closed_by_hand_is_no_error(bar: QgsMessageBar) -> None:
    messages = MessageBar(bar)
    messages.note("looking")
    bar.clearWidgets()
    messages.clear_note()
    assert bar.items() == []


def test_an_offer_waits_for_its_button(bar: QgsMessageBar) -> None:
    taken: list[bool] = []
    MessageBar(bar).offer("Set it up?", "Set up…", lambda: taken.append(True))
    assert taken == []
    (item,) = bar.items()
    item.findChild(QPushButton).click()
    assert taken == [True]
