"""The expression function `rsgpt_picture`: what the model was shown, for tips, forms and layouts. Asks nothing."""

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
    """`rsgpt_picture(image_sha256)`: the picture as a data URI of a small JPEG; NULL where it is not kept."""

    def __init__(self) -> None:
        sentence = translate(
            "Rsgpt",
            "Returns the picture that the model was shown, as an inline image for HTML: a map tip, a form, a layout. "
            "NULL where the picture is no longer kept on this machine.",
        )
        super().__init__(NAME, 1, "RSGPT", sentence)

    def func(self, values: list[Any], context: QgsExpressionContext, parent: QgsExpression, node: Any) -> Optional[str]:
        """What QGIS calls, in whichever thread it evaluates."""
        sha256 = values[0]
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            return None
        png = _kept(sha256)
        return None if png is None else _data_uri(png)


def _kept(sha256: str) -> Optional[bytes]:
    path = picture_file()
    if not path.is_file():
        return None
    try:
        # Nothing is put in, so no limit is needed.
        with PictureStore(path, sys.maxsize) as store:
            return store.get(sha256)
    except OutputError:
        # A tip without its picture is better than a tip that says why.
        return None


@lru_cache(maxsize=64)
def _data_uri(png: bytes) -> Optional[str]:
    return inline_picture(png, _SIDE, _QUALITY)
