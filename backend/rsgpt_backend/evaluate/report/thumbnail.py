"""Pictures small enough to be part of a page."""

from __future__ import annotations

import io

from ...data.image_files import ImageSource

SIDE = 256


def thumbnail(source: ImageSource, name: str) -> bytes:
    """A picture as JPEG, SIDE pixels at most a side."""
    picture = source.open(name)
    picture.thumbnail((SIDE, SIDE))
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=85)
    return data.getvalue()
