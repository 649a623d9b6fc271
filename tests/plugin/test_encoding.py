"""Encoding of QImages."""

from __future__ import annotations

from qgis.PyQt.QtGui import QColor, QImage

from rsgpt_plugin.encoding import encode


def test_a_png_holds_every_pixel() -> None:
    image = QImage(3, 2, QImage.Format.Format_RGB888)
    image.fill(QColor(1, 2, 3))
    image.setPixelColor(2, 1, QColor(200, 100, 50))
    assert QImage.fromData(encode(image), "PNG").convertToFormat(image.format()) == image


def test_images_that_qt_cannot_encode_give_no_bytes() -> None:
    assert encode(QImage()) == encode(QImage(1, 1, QImage.Format.Format_RGB888), "no such kind") == b""
