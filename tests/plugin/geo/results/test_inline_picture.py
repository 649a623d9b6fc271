"""A stored picture becomes the address of a small JPEG; anything else becomes nothing."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtCore import QByteArray
from qgis.PyQt.QtGui import QColor, QImage

from rsgpt_plugin.encoding import encode
from rsgpt_plugin.geo.results.inline_picture import inline_picture

START = "data:image/jpeg;base64,"


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    """Return a picture that is red at the left and blue at the right."""
    image = QImage(width, height, QImage.Format.Format_RGB888)
    image.fill(QColor("red"))
    for x in range(width // 2, width):
        for y in range(height):
            image.setPixelColor(x, y, QColor("blue"))
    return encode(image, kind)


def decoded(address: str | None) -> QImage:
    assert address is not None
    assert address.startswith(START)
    image = QImage.fromData(QByteArray.fromBase64(address.removeprefix(START).encode()), "JPEG")
    assert not image.isNull()
    return image


@pytest.mark.parametrize(
    ("size", "expected"),
    [((64, 32), (64, 32)), ((100, 100), (100, 100)), ((400, 200), (100, 50)), ((50, 500), (10, 100)), ((1, 1), (1, 1))],
)
def test_a_large_picture_is_shrunk_and_keeps_its_shape(size: tuple[int, int], expected: tuple[int, int]) -> None:
    image = decoded(inline_picture(picture(*size), 100, 85))
    assert (image.width(), image.height()) == expected


def test_the_colors_are_those_of_the_picture() -> None:
    image = decoded(inline_picture(picture(400, 200), 100, 95))
    left, right = image.pixelColor(20, 25), image.pixelColor(80, 25)
    assert left.red() > 230
    assert left.blue() < 40
    assert right.blue() > 230
    assert right.red() < 40


def test_a_lower_quality_is_smaller() -> None:
    sizes = [len(inline_picture(picture(100, 100), 100, quality) or "") for quality in (10, 50, 95)]
    assert sizes == sorted(set(sizes))
    assert sizes[0] > len(START)


def test_the_address_needs_no_escape_in_html() -> None:
    address = inline_picture(picture(100, 100), 100, 85) or ""
    assert not set(address) & set("\"'<>& \n")


@pytest.mark.parametrize("data", [b"", b"no picture", picture(8, 8)[:20], picture(8, 8, "JPEG"), picture(8, 8, "BMP")])
def test_only_a_png_is_a_stored_picture(data: bytes) -> None:
    assert inline_picture(data, 100, 85) is None
