"""PNG and hash of pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from qgis.PyQt.QtGui import QImage

from rsgpt_plugin.geo.imagery.picture import Picture


def picture(width: int, height: int) -> Picture:
    rgb = np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Picture(rgb, np.ones((height, width), bool), (0, 0, 1, 1), "", 0.3, "1,2,3", "none")


@pytest.mark.parametrize(("width", "height"), [(1, 1), (5, 3), (256, 256), (3, 257)])
def test_the_png_holds_the_same_pixels(width: int, height: int) -> None:
    shot = picture(width, height)
    image = QImage.fromData(shot.png, "PNG")
    assert (image.width(), image.height()) == (width, height)
    colors = [image.pixelColor(x, y).getRgb()[:3] for y in range(height) for x in range(width)]
    assert np.array_equal(np.array(colors), shot.rgb.reshape(-1, 3))


def test_the_hash_depends_on_pixels_and_not_on_position() -> None:
    shot = picture(4, 4)
    assert replace(shot, extent=(9, 9, 10, 10), gsd_m=5.0).sha256 == shot.sha256
    changed = shot.rgb.copy()
    changed[3, 3, 2] ^= 1
    assert replace(shot, rgb=changed).sha256 != shot.sha256
    assert replace(shot, rgb=shot.rgb.reshape(2, 8, 3)).sha256 != shot.sha256


def test_a_picture_without_valid_pixels_is_empty() -> None:
    shot = picture(4, 4)
    assert not shot.empty
    assert replace(shot, valid=np.zeros((4, 4), bool)).empty
