"""Cells paint a picture or an answer with its confidence, and edit an answer in a widget for its type."""

from __future__ import annotations

from typing import Any

import pytest
from qgis.PyQt.QtCore import QEvent, QRect, Qt
from qgis.PyQt.QtGui import QColor, QIcon, QImage, QKeyEvent, QPainter, QPixmap, QStandardItem, QStandardItemModel
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QPlainTextEdit,
    QSpinBox,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from rsgpt_plugin.geo.results.display_values import CONFIDENCE_LEVELS, DisplayColumn, Kind
from rsgpt_plugin.gui.results_table.cells import AnswerCell, PictureCell
from rsgpt_plugin.gui.results_table.rows_model import CONFIDENCE_ROLE
from rsgpt_plugin.services.results.thumbnails import THUMBNAIL_SIDE

pytestmark = pytest.mark.usefixtures("qgis_app")
WIDTH, HEIGHT = 200, 100


def model_of(**roles: Any) -> QStandardItemModel:
    """A model of one cell. roles: edit, decoration, confidence."""
    model = QStandardItemModel(1, 1)
    item = QStandardItem()
    names = {
        "edit": Qt.ItemDataRole.EditRole,
        "decoration": Qt.ItemDataRole.DecorationRole,
        "confidence": CONFIDENCE_ROLE,
    }
    for name, value in roles.items():
        item.setData(value, names[name])
    model.setItem(0, 0, item)
    return model


def painted(cell: QStyledItemDelegate, model: QStandardItemModel, selected: bool = False) -> QImage:
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    option = QStyleOptionViewItem()
    option.rect = QRect(0, 0, WIDTH, HEIGHT)
    if selected:
        option.state |= QStyle.StateFlag.State_Selected
    painter = QPainter(image)
    cell.paint(painter, option, model.index(0, 0))
    painter.end()
    return image


def count_of(image: QImage, color: str) -> int:
    wanted = QColor(color)
    return sum(image.pixelColor(x, y) == wanted for x in range(WIDTH) for y in range(HEIGHT))


def answer_cell(kind: Kind) -> AnswerCell:
    return AnswerCell(DisplayColumn("cars", "Cars", kind, 0))


def edited(kind: Kind, value: Any) -> tuple[AnswerCell, QWidget, QStandardItemModel]:
    """Return a cell with an editor that shows `value`, and the model."""
    cell, model, parent = answer_cell(kind), model_of(edit=value), QWidget()
    editor = cell.createEditor(parent, QStyleOptionViewItem(), model.index(0, 0))
    editor.keeper = parent  # the parent owns the editor
    cell.setEditorData(editor, model.index(0, 0))
    return cell, editor, model


def stored(cell: AnswerCell, editor: QWidget, model: QStandardItemModel) -> Any:
    cell.setModelData(editor, model, model.index(0, 0))
    return model.index(0, 0).data(Qt.ItemDataRole.EditRole)


def test_a_picture_is_painted_in_the_center_of_its_cell() -> None:
    pixmap = QPixmap(40, 20)
    pixmap.fill(QColor("#ff0000"))
    image = painted(PictureCell(QIcon()), model_of(decoration=pixmap))
    assert count_of(image, "#ff0000") == 40 * 20
    assert image.pixelColor(WIDTH // 2, HEIGHT // 2) == QColor("#ff0000")
    assert image.pixelColor(WIDTH // 2 - 25, HEIGHT // 2) != QColor("#ff0000")


def test_a_missing_picture_has_a_faint_frame_with_the_icon() -> None:
    square = QPixmap(64, 64)
    square.fill(QColor("black"))
    framed, with_icon = (painted(PictureCell(icon), model_of()) for icon in (QIcon(), QIcon(square)))
    frame = WIDTH * HEIGHT - count_of(framed, "white")
    assert 0 < frame <= 4 * THUMBNAIL_SIDE
    assert WIDTH * HEIGHT - count_of(with_icon, "white") > frame
    assert count_of(with_icon, "black") == 0


def test_the_cell_of_a_picture_has_room_for_it() -> None:
    hint = PictureCell(QIcon()).sizeHint(QStyleOptionViewItem(), model_of().index(0, 0))
    assert min(hint.width(), hint.height()) > THUMBNAIL_SIDE


@pytest.mark.parametrize("confidence", [0.0, 0.2, 0.5, 0.9, 1.0, 1.7, -0.3])
def test_the_length_and_the_color_of_the_bar_show_the_confidence(confidence: float) -> None:
    image = painted(answer_cell(Kind.TEXT), model_of(confidence=confidence))
    color = next((color for minimum, _, color in CONFIDENCE_LEVELS if confidence >= minimum), CONFIDENCE_LEVELS[-1][2])
    full = WIDTH - 6  # without the margins
    share = min(1.0, max(0.0, confidence))
    assert count_of(image, color) == 4 * max(1, round(share * full))


@pytest.mark.parametrize("confidence", [None, "high"])
def test_without_a_confidence_there_is_no_bar(confidence: Any) -> None:
    image = painted(answer_cell(Kind.TEXT), model_of(confidence=confidence))
    assert [count_of(image, color) for _, _, color in CONFIDENCE_LEVELS] == [0, 0, 0]


def test_the_bar_is_visible_on_a_selected_cell() -> None:
    image = painted(answer_cell(Kind.TEXT), model_of(confidence=0.9), selected=True)
    y, x = HEIGHT - 5, 3  # in the bar
    assert image.pixelColor(x, y) == QColor(CONFIDENCE_LEVELS[0][2])
    assert image.pixelColor(x, y - 4) == QStyleOptionViewItem().palette.base().color()  # a frame around the bar


@pytest.mark.parametrize(
    ("kind", "editor_class"),
    [
        (Kind.YESNO, QComboBox),
        (Kind.WHOLE, QSpinBox),
        (Kind.DECIMAL, QDoubleSpinBox),
        (Kind.TEXT, QPlainTextEdit),
    ],
)
def test_each_kind_has_its_editor(kind: Kind, editor_class: type[QWidget]) -> None:
    assert isinstance(edited(kind, None)[1], editor_class)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        *((Kind.YESNO, True, True), (Kind.YESNO, False, False), (Kind.YESNO, None, None)),
        *((Kind.WHOLE, 12, 12), (Kind.WHOLE, -(2**31) + 1, -(2**31) + 1), (Kind.WHOLE, None, None)),
        *((Kind.DECIMAL, 0.123456, 0.123456), (Kind.DECIMAL, None, None)),
        *((Kind.TEXT, "two\nlines", "two\nlines"), (Kind.TEXT, " a ", "a"), (Kind.TEXT, None, None)),
    ],
)
def test_an_editor_shows_and_returns_the_value(kind: Kind, value: Any, expected: Any) -> None:
    result = stored(*edited(kind, value))
    assert result == expected
    assert type(result) is type(expected)


def test_an_emptied_text_is_no_answer() -> None:
    cell, editor, model = edited(Kind.TEXT, "boats")
    assert isinstance(editor, QPlainTextEdit)
    editor.setPlainText(" \n ")
    assert stored(cell, editor, model) is None


def test_a_yes_no_answer_can_be_removed() -> None:
    cell, editor, model = edited(Kind.YESNO, True)
    assert isinstance(editor, QComboBox)
    assert [editor.itemText(number) for number in range(editor.count())] == ["yes", "no", "No answer"]
    editor.setCurrentIndex(2)
    assert stored(cell, editor, model) is None


@pytest.mark.parametrize(
    ("key", "shift", "ends"),
    [
        (Qt.Key.Key_Return, False, True),
        (Qt.Key.Key_Enter, False, True),
        (Qt.Key.Key_Return, True, False),
        (Qt.Key.Key_A, False, False),
    ],
)
def test_enter_ends_the_edit_of_a_text_unless_shift_is_pressed(key: Qt.Key, shift: bool, ends: bool) -> None:
    cell, editor, _ = edited(Kind.TEXT, "boats")
    committed: list[QWidget] = []
    cell.commitData.connect(committed.append)
    modifiers = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    assert cell.eventFilter(editor, QKeyEvent(QEvent.Type.KeyPress, key, modifiers)) is ends
    assert committed == ([editor] if ends else [])
