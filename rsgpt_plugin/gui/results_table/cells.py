"""Item delegates that paint and edit the cells of the results table."""

from __future__ import annotations

from typing import Optional, Union, cast

from qgis.PyQt.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, QRect, QSize, Qt
from qgis.PyQt.QtGui import QColor, QIcon, QPainter, QPixmap
from qgis.PyQt.QtWidgets import (
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QPlainTextEdit,
    QSpinBox,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ...geo.results.display_values import DisplayColumn, Kind, confidence_level, yes_or_no
from ...services.results.thumbnails import THUMBNAIL_SIDE
from .rows_model import CONFIDENCE_ROLE

_BAR_HEIGHT = 4
_MARGIN = 3
_MAX_NUMBER = 2**31 - 1
_DECIMALS = 6


class PictureCell(QStyledItemDelegate):
    """Paints a picture in the center of its cell, or a frame with an icon if there is none."""

    def __init__(self, icon: QIcon, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._icon = icon

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        style = option.widget.style() if option.widget is not None else QApplication.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        pixmap = index.data(Qt.ItemDataRole.DecorationRole)
        if isinstance(pixmap, QPixmap):
            target = QRect(0, 0, pixmap.width(), pixmap.height())
            target.moveCenter(option.rect.center())
            painter.drawPixmap(target.topLeft(), pixmap)
        else:
            frame = QRect(0, 0, THUMBNAIL_SIDE, THUMBNAIL_SIDE)
            frame.moveCenter(option.rect.center())
            painter.setOpacity(0.25)
            self._icon.paint(painter, frame.adjusted(16, 16, -16, -16))
            painter.setPen(option.palette.mid().color())
            painter.drawRect(frame.adjusted(0, 0, -1, -1))
            painter.setOpacity(1.0)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: N802 - Qt's
        return QSize(THUMBNAIL_SIDE + 2 * _MARGIN, THUMBNAIL_SIDE + 2 * _MARGIN)


class AnswerCell(QStyledItemDelegate):
    """Paints text with a confidence bar below it, and edits it in a widget for the answer type."""

    def __init__(self, column: DisplayColumn, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._kind = column.kind

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().paint(painter, option, index)
        confidence = index.data(CONFIDENCE_ROLE)
        if not isinstance(confidence, float):
            return
        space = option.rect.adjusted(_MARGIN, 0, -_MARGIN, -_MARGIN)
        full = QRect(space.left(), space.bottom() - _BAR_HEIGHT + 1, space.width(), _BAR_HEIGHT)
        filled = QRect(full.topLeft(), QSize(max(1, round(full.width() * min(1.0, max(0.0, confidence)))), _BAR_HEIGHT))
        if option.state & QStyle.StateFlag.State_Selected:  # a blue bar is not visible on a blue selection
            painter.fillRect(full.adjusted(-1, -1, 1, 1), option.palette.base())
        painter.fillRect(full, option.palette.midlight())
        painter.fillRect(filled, QColor(confidence_level(confidence)[1]))

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex) -> QWidget:  # noqa: N802
        if self._kind is Kind.YESNO:
            return self._yes_no_box(parent)
        if self._kind.is_number:
            return _number_box(parent, self._kind)
        text = QPlainTextEdit(parent)
        text.setTabChangesFocus(True)
        return text

    def setEditorData(self, editor: QWidget, index: QModelIndex) -> None:  # noqa: N802 - Qt's
        value = index.data(Qt.ItemDataRole.EditRole)
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(editor.findData(value))
        elif isinstance(editor, (QSpinBox, QDoubleSpinBox)):
            editor.setValue(value or 0)
            editor.selectAll()
        else:
            text = cast(QPlainTextEdit, editor)
            text.setPlainText(str(value or ""))
            text.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: QModelIndex) -> None:  # noqa: N802
        if isinstance(editor, QComboBox):
            value = editor.currentData()
        elif isinstance(editor, (QSpinBox, QDoubleSpinBox)):
            value = editor.value()
        else:
            value = cast(QPlainTextEdit, editor).toPlainText().strip() or None
        model.setData(index, value, Qt.ItemDataRole.EditRole)

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's
        """End the edit of a text on Enter; Shift+Enter inserts a new line."""
        if isinstance(editor, QPlainTextEdit) and event.type() == QEvent.Type.KeyPress:
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.commitData.emit(editor)
                self.closeEditor.emit(editor)
                return True
        return bool(super().eventFilter(editor, event))

    def _yes_no_box(self, parent: QWidget) -> QComboBox:
        box = QComboBox(parent)
        for label, value in ((yes_or_no(True), True), (yes_or_no(False), False), (self.tr("no answer"), None)):
            box.addItem(label, value)
        return box


def _number_box(parent: QWidget, kind: Kind) -> Union[QSpinBox, QDoubleSpinBox]:
    box = QDoubleSpinBox(parent) if kind is Kind.DECIMAL else QSpinBox(parent)
    if isinstance(box, QDoubleSpinBox):
        box.setDecimals(_DECIMALS)
    box.setRange(-_MAX_NUMBER, _MAX_NUMBER)
    return box
