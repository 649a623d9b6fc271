"""Item delegates that paint and edit the cells of the results table."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, QRect, QSize, Qt
from qgis.PyQt.QtGui import QColor, QIcon, QPainter, QPixmap
from qgis.PyQt.QtWidgets import (
    QApplication,
    QPlainTextEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from ...geo.results.display_values import DisplayColumn, confidence_level
from ...services.results.thumbnails import THUMBNAIL_SIDE
from .correcting.value_editors import entered_value, is_entered, is_filled, show_value, value_editor
from .rows_model import CHOICES_ROLE, CONFIDENCE_ROLE

_BAR_HEIGHT = 4
_MARGIN = 3


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
        return value_editor(self._kind, index.data(CHOICES_ROLE) or (), parent)

    def setEditorData(self, editor: QWidget, index: QModelIndex) -> None:  # noqa: N802 - Qt's
        """Show the value of a cell in its new editor; when rows are read again, what is typed stays."""
        if not is_filled(editor):
            show_value(editor, index.data(Qt.ItemDataRole.EditRole))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: QModelIndex) -> None:  # noqa: N802
        if is_entered(editor):
            model.setData(index, entered_value(editor), Qt.ItemDataRole.EditRole)

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's
        """End the edit of a text on Enter; Shift+Enter inserts a new line."""
        if isinstance(editor, QPlainTextEdit) and event.type() == QEvent.Type.KeyPress:
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.commitData.emit(editor)
                self.closeEditor.emit(editor)
                return True
        return bool(super().eventFilter(editor, event))
