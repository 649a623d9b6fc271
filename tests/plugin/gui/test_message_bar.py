"""Messages in the message bar are plain text."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtWidgets import QPushButton

from rsgpt_plugin.gui.message_bar import MessageBar


@pytest.fixture
def bar(qgis_app: object) -> QgsMessageBar:
    return QgsMessageBar()


def test_markup_of_a_model_is_escaped(bar: QgsMessageBar) -> None:
    MessageBar(bar).answer('<a href="file:///etc">x</a>')
    (item,) = bar.items()
    assert item.text() == "&lt;a href=&quot;file:///etc&quot;&gt;x&lt;/a&gt;"


def test_a_file_in_an_answer_is_a_link(bar: QgsMessageBar) -> None:
    path = Path("/a/b & c/out.html").absolute()
    MessageBar(bar).answer(f"Exported to {path}. Rows: <1>.", link=path)
    (item,) = bar.items()
    name = str(path).replace("&", "&amp;")
    assert item.text() == f'Exported to <a href="{path.as_uri()}">{name}</a>. Rows: &lt;1&gt;.'


def test_an_answer_with_a_place_has_a_show_button(bar: QgsMessageBar) -> None:
    taken: list[bool] = []
    MessageBar(bar).answer("a harbour", lambda: taken.append(True))
    (item,) = bar.items()
    button = item.findChild(QPushButton)
    assert button.text() == "Show"
    button.click()
    assert taken == [True]


def test_a_note_is_replaced_by_the_next_message(bar: QgsMessageBar) -> None:
    messages = MessageBar(bar)
    messages.note("looking")
    messages.note("still looking")
    assert [item.text() for item in bar.items()] == ["still looking"]
    messages.problem("nothing there")
    assert [item.text() for item in bar.items()] == ["nothing there"]


def test_clearing_a_closed_note_has_no_effect(bar: QgsMessageBar) -> None:
    messages = MessageBar(bar)
    messages.note("looking")
    bar.clearWidgets()
    messages.clear_note()
    assert bar.items() == []


def test_an_offer_acts_only_when_its_button_is_clicked(bar: QgsMessageBar) -> None:
    taken: list[bool] = []
    MessageBar(bar).offer("Set it up?", "Set up…", lambda: taken.append(True))
    assert taken == []
    (item,) = bar.items()
    item.findChild(QPushButton).click()
    assert taken == [True]
