"""Pictures made to fit a server."""

from __future__ import annotations

import secrets

from qgis.PyQt.QtGui import QImage

from rsgpt_plugin.client.server.downscaling import PictureLimit, fitted, longest_side, next_smaller
from rsgpt_plugin.encoding import encode


def noise(width: int, height: int) -> bytes:
    """A PNG that compresses badly."""
    pixels = secrets.token_bytes(3 * width * height)
    image = QImage(pixels, width, height, 3 * width, QImage.Format.Format_RGB888)
    return encode(image)


def test_what_fits_is_sent_as_it_is() -> None:
    png = noise(64, 48)
    assert fitted(png, PictureLimit()) is png
    assert fitted(png, PictureLimit(64, len(png))) is png


def test_what_does_not_becomes_a_jpeg_of_the_same_shape() -> None:
    made = fitted(noise(200, 100), PictureLimit(side=50))
    image = QImage.fromData(made, "JPEG")
    assert (image.width(), image.height()) == (50, 25)


def test_megabytes_count_too_and_cost_pixels_only_where_a_jpeg_is_not_enough() -> None:
    png = noise(300, 300)
    assert longest_side(fitted(png, PictureLimit(size=len(png) - 1))) == 300
    small = fitted(png, PictureLimit(size=20_000))
    assert len(small) <= 20_000
    assert longest_side(small) < 300


def test_what_is_no_picture_stays() -> None:
    assert fitted(b"no picture", PictureLimit(1, 1)) == b"no picture"
    assert next_smaller(b"no picture") is None


def test_limits_together_are_the_tighter_of_each() -> None:
    assert PictureLimit(0, 5).tightest(PictureLimit(7, 9)) == PictureLimit(7, 5)
    assert PictureLimit(3, 0).tightest(PictureLimit(7, 0)) == PictureLimit(3, 0)
