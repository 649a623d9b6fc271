"""A widget for the picture that is shown to the model, with its layer, sizes and resolution."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import QPoint, QRect, QSize, Qt
from qgis.PyQt.QtGui import QPainter, QPaintEvent, QPixmap, QResizeEvent
from qgis.PyQt.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from ...core.conversation_history import CapturedView, Size
from ...services.showing.where import Located
from ..showing.picture_marks import draw_marks
from ..widgets import text_label

_MIN_SIDE = 80
_NO_BREAK = "\u00a0"


class _Fitted(QWidget):
    """A pixmap scaled to the widget, at most to twice its size."""

    def __init__(self) -> None:
        super().__init__()
        self.pixmap = QPixmap()
        self.located: Optional[Located] = None
        self.setMinimumHeight(_MIN_SIDE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the preferred size in pixels."""
        return QSize(200, 160)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the pixmap in the center, and the marks on it."""
        if self.pixmap.isNull():
            return
        size = self.pixmap.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        size = size.boundedTo(2 * self.pixmap.size())
        target = QRect(QPoint(0, 0), size)
        target.moveCenter(self.rect().center())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(target, self.pixmap)
        draw_marks(painter, self.located, target)
        painter.end()


class PictureView(QWidget):
    """Shows a hint until `show_picture` is called."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.picture = _Fitted()
        self.facts = text_label()
        self.facts.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.facts.setToolTip(
            self.tr("The picture that is shown to the model. The model sees nothing else of the map.")
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.picture, 1)
        layout.addWidget(self.facts)
        self.clear()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keep room for all lines of the text: a splitter does not ask for the height of wrapped text."""
        super().resizeEvent(event)
        self._fit_facts()

    def _fit_facts(self) -> None:
        self.facts.setMinimumHeight(self.facts.heightForWidth(self.width()))

    def clear(self) -> None:
        """Remove the picture and show a hint."""
        self.picture.pixmap = QPixmap()
        self.picture.update()
        self.facts.setText(self.tr("Choose an area: the map view, a rectangle, or the selected feature."))
        self._fit_facts()

    def show_picture(self, view: CapturedView, png: bytes) -> None:
        """Show a picture, its layer, its sizes in pixels and its resolution in meters per pixel."""
        self.picture.pixmap.loadFromData(png, "PNG")
        self.picture.update()
        self.facts.setText(f"{view.layer_name}\n{self._resolution(view)}")
        self._fit_facts()

    def mark(self, located: Optional[Located]) -> None:
        """Show where something is in the picture; None removes the marks."""
        self.picture.located = located
        self.picture.update()

    def _resolution(self, view: CapturedView) -> str:
        sent, metres = _pixels(view.sent), f"{view.gsd_m:.2g}{_NO_BREAK}m" if view.gsd_m else "?"
        if not all(view.original):
            return self.tr("rendered by a map service, sent {sent}, {metres} per pixel").format(
                sent=sent, metres=metres
            )
        text = self.tr("original {original}, sent {sent}, {metres} per pixel")
        return text.format(original=_pixels(view.original), sent=sent, metres=metres)


def _pixels(size: Size) -> str:
    return f"{size[0]} × {size[1]} px".replace(" ", _NO_BREAK)
