"""Images as bytes, and back."""

from __future__ import annotations

from qgis.PyQt.QtGui import QColor, QImage

from rsgpt_plugin.encoding import encode


def test_a_png_holds_every_pixel() -> None:
    image = QImage(3, 2, QImage.Format.Format_RGB888)
    image.fill(QColor(1, 2, 3))
    image.setPixelColor(2, 1, QColor(200, 100, 50))
    assert QImage.fromData(encode(image), "PNG").convertToFormat(image.format()) == image


def test_what_qt_cannot_encode_is_nothing() -> None:
    assert encode(QImage()) == encode(QImage(1, 1, QImage.Format.Format_RGB888), "no such kind") == b""
