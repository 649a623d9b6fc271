"""The picture view shows the picture in its proportions, with the name of its layer as plain text and its sizes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from qgis.PyQt.QtCore import QCoreApplication, QSize, Qt
from qgis.PyQt.QtGui import QColor, QImage

from rsgpt_plugin.core.conversation_history import CapturedView
from rsgpt_plugin.encoding import encode
from rsgpt_plugin.gui.dock.picture_view import PictureView

VIEW = CapturedView("ortho_1", "<b>ortho</b>", "", (0.0, 0.0, 1.0, 1.0), "ab" * 32, (3000, 2000), (600, 400), 1.256)


@pytest.fixture
def shown(qgis_app: object) -> PictureView:
    view = PictureView()
    view.resize(QSize(400, 400))
    return view


def png(width: int, height: int) -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB888)
    image.fill(QColor("#ff0000"))
    return encode(image)


def facts(shown: PictureView) -> str:
    return str(shown.facts.text()).replace("\u00a0", " ")


def drawn(shown: PictureView, side: int) -> tuple[int, int]:
    """Return the width and height of the drawn picture in a widget of `side` pixels."""
    shown.picture.setFixedSize(side, side)
    image = shown.picture.grab().toImage()
    red = [
        (x, y)
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y) == QColor("#ff0000")
    ]
    columns, rows = ({spot[axis] for spot in red} for axis in (0, 1))
    return len(columns), len(rows)


def test_without_a_picture_a_hint_is_shown(shown: PictureView) -> None:
    assert facts(shown).startswith("Choose an area")
    assert drawn(shown, 100) == (0, 0)


def test_the_layer_and_the_sizes_are_shown_as_plain_text(shown: PictureView) -> None:
    shown.show_picture(VIEW, png(60, 40))
    expected = "<b>ortho</b>\noriginal 3000 × 2000 px, sent 600 × 400 px, 1.3 m per pixel"
    assert facts(shown) == expected
    assert shown.facts.textFormat() == Qt.TextFormat.PlainText
    assert "3000\u00a0×\u00a02000\u00a0px" in shown.facts.text()  # a size is not broken into two lines


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"original": (0, 0)}, "rendered by a map service, sent 600 × 400 px, 1.3 m per pixel"),
        ({"gsd_m": 0.0}, "original 3000 × 2000 px, sent 600 × 400 px, ? per pixel"),
        ({"gsd_m": 0.3}, "original 3000 × 2000 px, sent 600 × 400 px, 0.3 m per pixel"),
    ],
)
def test_unknown_sizes_are_named(shown: PictureView, changed: dict[str, object], text: str) -> None:
    shown.show_picture(replace(VIEW, **changed), png(60, 40))  # type: ignore[arg-type]  # a mapping of fields
    assert facts(shown).partition("\n")[2] == text


@pytest.mark.parametrize(
    ("picture", "side", "expected"),
    [((100, 50), 150, (150, 75)), ((50, 100), 150, (75, 150)), ((40, 20), 150, (80, 40)), ((300, 300), 90, (90, 90))],
)
def test_the_picture_keeps_its_proportions_and_is_at_most_doubled(
    shown: PictureView, picture: tuple[int, int], side: int, expected: tuple[int, int]
) -> None:
    shown.show_picture(VIEW, png(*picture))
    assert drawn(shown, side) == expected


def test_wrapped_lines_keep_their_room_beside_the_picture(shown: PictureView) -> None:
    font = shown.facts.font()
    font.setPointSizeF(1.5 * font.pointSizeF())
    shown.facts.setFont(font)
    shown.facts.setText("a raster with a long name " * 6)
    shown.resize(200, 220)
    shown.show()
    QCoreApplication.processEvents()
    assert shown.facts.height() >= shown.facts.heightForWidth(shown.facts.width())
    assert shown.picture.geometry().bottom() < shown.facts.geometry().top()


def test_clear_removes_the_picture(shown: PictureView) -> None:
    shown.show_picture(VIEW, png(60, 40))
    shown.clear()
    assert drawn(shown, 100) == (0, 0)
    assert facts(shown).startswith("Choose an area")


def test_bytes_that_are_no_picture_are_not_drawn(shown: PictureView) -> None:
    shown.show_picture(VIEW, png(60, 40))
    shown.show_picture(VIEW, b"no picture")
    assert drawn(shown, 100) == (0, 0)
