"""The expression function `rsgpt_picture`: the picture of a row for map tips, forms, and layouts."""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from typing import Any, Optional

from qgis.core import QgsExpression, QgsExpressionContext, QgsExpressionFunction
from qgis.PyQt.QtCore import QCoreApplication

from ...core.paths import picture_file
from ...core.picture_store import PictureStore
from ...errors import OutputError
from .inline_picture import inline_picture

translate = QCoreApplication.translate

NAME = "rsgpt_picture"

_SIDE = 256
_QUALITY = 85
_SHA256 = re.compile(r"[0-9a-f]{64}")


class PictureFunction(QgsExpressionFunction):
    """`rsgpt_picture(image_sha256)`: the picture as the data URL of a small JPEG, or NULL if it is not stored."""

    def __init__(self) -> None:
        help_text = translate(
            "Rsgpt",
            "Returns the picture that the model was shown, as an inline image for the HTML of map tips, forms, and "
            "layouts. Returns NULL if the picture is no longer stored on this machine.",
        )
        super().__init__(NAME, 1, "RSGPT", help_text)

    def func(self, values: list[Any], context: QgsExpressionContext, parent: QgsExpression, node: Any) -> Optional[str]:
        """Return the value of the function. QGIS calls it in any thread."""
        sha256 = values[0]
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            return None
        png = _stored_picture(sha256)
        return None if png is None else _data_uri(png)


def _stored_picture(sha256: str) -> Optional[bytes]:
    path = picture_file()
    if not path.is_file():
        return None
    try:
        # The store is only read, so no size limit is needed.
        with PictureStore(path, sys.maxsize) as store:
            return store.get(sha256)
    except OutputError:
        # A map tip without a picture is better than an error in it.
        return None


@lru_cache(maxsize=64)
def _data_uri(png: bytes) -> Optional[str]:
    return inline_picture(png, _SIDE, _QUALITY)
