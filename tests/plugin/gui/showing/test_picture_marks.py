"""Marks on a picture are where the things are, at any size of the picture."""

from __future__ import annotations

from dataclasses import replace

import pytest
from qgis.PyQt.QtCore import QRect
from qgis.PyQt.QtGui import QColor, QImage, QPainter

from rsgpt_plugin.gui.showing.picture_marks import draw_marks
from rsgpt_plugin.services.showing.where import Located
from rsgpt_plugin.shared.objects.shown import Shown


def drawn(located: Located | None) -> QImage:
    """Return a gray picture of 200 x 100 pixels with the marks."""
    image = QImage(200, 100, QImage.Format.Format_RGB32)
    image.fill(QColor("gray"))
    painter = QPainter(image)
    draw_marks(painter, located, QRect(0, 0, 200, 100))
    painter.end()
    return image


def is_marked(image: QImage, x: int, y: int) -> bool:
    return image.pixelColor(x, y) != QColor("gray")


@pytest.mark.parametrize("boxed", [True, False])
def test_objects(planes: Located, boxed: bool) -> None:
    image = drawn(replace(planes, shown=replace(planes.shown, boxed=boxed)))
    edge = (40, 20) if boxed else (46, 20)  # of a box, or of a circle around the center
    assert is_marked(image, *edge)
    assert not is_marked(image, 50, 20)  # the thing itself stays visible
    assert not is_marked(image, 100, 50)


def test_a_region_and_nothing(planes: Located) -> None:
    image = drawn(replace(planes, shown=Shown(100, 50, "water", region=("10", "00"))))
    assert is_marked(image, 50, 25)
    assert not is_marked(image, 150, 75)
    assert drawn(None) == drawn(replace(planes, shown=Shown(100, 50)))
