"""The expression function `rsgpt_picture` returns stored pictures, and NULL for any other argument."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from qgis.core import QgsExpression
from qgis.PyQt.QtCore import QByteArray
from qgis.PyQt.QtGui import QColor, QImage

from rsgpt_plugin.core.paths import picture_file
from rsgpt_plugin.core.picture_store import PictureStore
from rsgpt_plugin.encoding import encode
from rsgpt_plugin.geo.results.picture_function import NAME, PictureFunction

STORED = "ab" * 32


def png(width: int, height: int, color: str) -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB888)
    image.fill(QColor(color))
    return encode(image)


@pytest.fixture
def function(qgis_app: object) -> Iterator[PictureFunction]:
    picture_function = PictureFunction()
    assert QgsExpression.registerFunction(picture_function)
    yield picture_function
    assert QgsExpression.unregisterFunction(NAME)


@pytest.fixture
def store(function: PictureFunction) -> None:
    with PictureStore(picture_file(), 10**9) as pictures:
        pictures.put(STORED, png(600, 300, "#3366aa"))
        pictures.put("cd" * 32, b"no picture")


def evaluated(text: str) -> object:
    expression = QgsExpression(text)
    value = expression.evaluate()
    assert not expression.hasEvalError()
    return value


def test_a_stored_picture_is_downscaled(store: None) -> None:
    uri = evaluated(f"rsgpt_picture('{STORED}')")
    assert isinstance(uri, str)
    head, data = uri.split(",")
    assert head == "data:image/jpeg;base64"
    image = QImage.fromData(QByteArray.fromBase64(data.encode()))
    assert (image.width(), image.height()) == (256, 128)
    assert abs(image.pixelColor(100, 60).blue() - 0xAA) < 8


@pytest.mark.parametrize("argument", ["'" + "ef" * 32 + "'", "'" + "cd" * 32 + "'", "NULL", "7", "'../../x'", "''"])
def test_pictures_that_are_not_stored_are_null(store: None, argument: str) -> None:
    assert evaluated(f"rsgpt_picture({argument})") is None


def test_a_missing_or_broken_store_is_null(function: PictureFunction) -> None:
    assert evaluated(f"rsgpt_picture('{STORED}')") is None
    assert not picture_file().exists()
    picture_file().parent.mkdir(parents=True)
    picture_file().write_bytes(b"no database")
    assert evaluated(f"rsgpt_picture('{STORED}')") is None
