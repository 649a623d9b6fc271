"""Thumbnails of pictures for HTML pages."""

from __future__ import annotations

import io

from ...data.image_files import ImageSource

SIDE = 256


def thumbnail(source: ImageSource, name: str) -> bytes:
    """Return a picture as JPEG data; no side is longer than SIDE pixels."""
    picture = source.open(name)
    picture.thumbnail((SIDE, SIDE))
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=85)
    return data.getvalue()
