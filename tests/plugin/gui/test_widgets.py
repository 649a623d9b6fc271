"""Shared widgets and texts: plain text stays plain, shares round trip, sizes and times follow the locale."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from qgis.PyQt.QtCore import QDateTime, QLocale, Qt
from qgis.PyQt.QtWidgets import QMessageBox, QWidget

from rsgpt_plugin.gui.widgets import (
    PercentBox,
    is_confirmed,
    moment_text,
    scroll_area,
    set_initial_size,
    size_text,
    text_label,
)

pytestmark = pytest.mark.usefixtures("qgis_app")


@pytest.fixture
def locale() -> Iterator[None]:
    """Restore the default locale."""
    before = QLocale()
    yield
    QLocale.setDefault(before)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(QMessageBox.StandardButton.Yes, True), (QMessageBox.StandardButton.No, False)],
)
def test_a_question_is_confirmed_only_by_yes(
    monkeypatch: pytest.MonkeyPatch, answer: QMessageBox.StandardButton, expected: bool
) -> None:
    asked: list[tuple[Any, ...]] = []

    def question(*arguments: Any) -> QMessageBox.StandardButton:
        asked.append(arguments)
        return answer

    monkeypatch.setattr(QMessageBox, "question", question)
    parent = QWidget()
    assert is_confirmed("Delete all?", parent) is expected
    (arguments,) = asked
    assert arguments[0] is parent
    assert arguments[2] == "Delete all?"
    assert arguments[-1] == QMessageBox.StandardButton.No  # the default button


def test_the_initial_size_grows_with_the_font() -> None:
    window = QWidget()
    set_initial_size(window, 20, 10)
    line = window.fontMetrics().height()
    assert (window.width(), window.height()) == (20 * line, 10 * line)
    font = window.font()
    font.setPointSize(3 * font.pointSize())
    window.setFont(font)
    set_initial_size(window, 20, 10)
    assert window.height() > 20 * line


def test_a_text_label_shows_markup_as_text() -> None:
    label = text_label("<b>a</b>")
    assert (label.text(), label.textFormat(), label.wordWrap()) == ("<b>a</b>", Qt.TextFormat.PlainText, True)
    assert label.sizeHint().width() > text_label("a").sizeHint().width()


@pytest.mark.parametrize("selectable", [True, False])
def test_a_text_label_is_selectable_on_request(selectable: bool) -> None:
    flags = text_label("a", selectable).textInteractionFlags()
    assert bool(flags & Qt.TextInteractionFlag.TextSelectableByMouse) is selectable


@pytest.mark.parametrize(("share", "value"), [(0.0, 0), (0.35, 35), (0.29, 29), (0.555, 56), (1.0, 100)])
def test_a_percent_box_shows_and_returns_a_share(share: float, value: int) -> None:
    box = PercentBox()
    box.show_share(share)
    assert box.value() == value
    assert box.share() == pytest.approx(value / 100)


@pytest.mark.parametrize(("share", "value"), [(-0.5, 0), (1.5, 100)])
def test_a_percent_box_stays_in_its_range(share: float, value: int) -> None:
    box = PercentBox()
    box.show_share(share)
    assert box.value() == value


def test_a_percent_box_calls_0_any() -> None:
    box = PercentBox()
    assert box.text() == "any"
    box.setValue(5)
    assert box.text() == "5 %"
    box.clear()
    assert box.value() == 0


@pytest.mark.usefixtures("locale")
@pytest.mark.parametrize(
    ("count", "text"),
    [
        *((0, "0 B"), (999, "999 B"), (1_000, "1 kB"), (1_499, "1 kB"), (400_000_000, "400 MB")),
        *((999_000_000, "999 MB"), (1_600_000_000, "1.6 GB"), (2_000_000_000_000, "2.0 TB")),
    ],
)
def test_sizes_are_short(count: int, text: str) -> None:
    QLocale.setDefault(QLocale("en_US"))
    assert size_text(count) == text


@pytest.mark.usefixtures("locale")
def test_sizes_use_the_decimal_separator_of_the_locale() -> None:
    QLocale.setDefault(QLocale("de_DE"))
    assert size_text(1_600_000_000).replace("\u00a0", " ").startswith("1,6 G")


@pytest.mark.usefixtures("locale")
def test_a_time_is_shown_in_the_time_zone_of_the_user() -> None:
    QLocale.setDefault(QLocale("en_US"))
    moment = "2026-02-03T04:05:06.789+00:00"
    local = QDateTime.fromString(moment, Qt.DateFormat.ISODateWithMs).toLocalTime()
    text = moment_text(moment)
    assert re.search(rf"\b{local.toString('M/d/yy')}\b", text)
    assert local.toString("h:mm AP")[:4] in text
    assert moment_text("2026-02-03T05:05:06.789+01:00") == text


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-13-01T00:00:00"])
def test_an_invalid_time_is_empty(moment: str) -> None:
    assert moment_text(moment) == ""


def test_a_scroll_area_is_smaller_than_what_it_scrolls() -> None:
    tall = QWidget()
    tall.setMinimumHeight(2000)
    area = scroll_area(tall)
    area.resize(300, 200)
    area.show()
    assert area.height() == 200
    assert area.verticalScrollBar().maximum() >= 1700
