"""Pictures fit_picture to the limits of a server."""

from __future__ import annotations

import secrets

from qgis.PyQt.QtGui import QImage

from rsgpt_plugin.client.server.downscaling import PictureLimit, fit_picture, longest_side, next_smaller
from rsgpt_plugin.encoding import encode


def noise(width: int, height: int) -> bytes:
    """Return a PNG that compresses badly."""
    pixels = secrets.token_bytes(3 * width * height)
    image = QImage(pixels, width, height, 3 * width, QImage.Format.Format_RGB888)
    return encode(image)


def test_a_picture_within_the_limit_is_unchanged() -> None:
    png = noise(64, 48)
    assert fit_picture(png, PictureLimit()) is png
    assert fit_picture(png, PictureLimit(64, len(png))) is png


def test_a_picture_above_the_limit_becomes_a_jpeg_of_the_same_shape() -> None:
    jpeg = fit_picture(noise(200, 100), PictureLimit(side=50))
    image = QImage.fromData(jpeg, "JPEG")
    assert (image.width(), image.height()) == (50, 25)


def test_the_size_limit_reduces_pixels_only_if_jpeg_compression_is_not_enough() -> None:
    png = noise(300, 300)
    assert longest_side(fit_picture(png, PictureLimit(size=len(png) - 1))) == 300
    small = fit_picture(png, PictureLimit(size=20_000))
    assert len(small) <= 20_000
    assert longest_side(small) < 300


def test_bytes_that_are_not_a_picture_are_unchanged() -> None:
    assert fit_picture(b"no picture", PictureLimit(1, 1)) == b"no picture"
    assert next_smaller(b"no picture") is None


def test_strictest_takes_the_lower_limit_of_each() -> None:
    assert PictureLimit(0, 5).strictest(PictureLimit(7, 9)) == PictureLimit(7, 5)
    assert PictureLimit(3, 0).strictest(PictureLimit(7, 0)) == PictureLimit(3, 0)
