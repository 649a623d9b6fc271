"""Turns a data URI into an 8-bit RGB picture. It opens no path, fetches no URL, guesses no format.

A picture is turned as its EXIF orientation says. Colour profiles are not applied, and of an animation the first
frame is taken.
"""

from __future__ import annotations

import base64
import re
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from ...data.image_files import image_sha256
from ...data.pixel_decoding import rgb_picture
from ..limits import MAX_PIXELS
from .refusals import Refusal

_FORMATS = {"png": "PNG", "jpeg": "JPEG", "jpg": "JPEG", "webp": "WEBP", "gif": "GIF"}
_HEAD = re.compile(r"data:image/(?P<form>\w+)(?:;[\w.-]+=[\w.-]+)*;base64", re.IGNORECASE)
_ALPHABET = str.maketrans("-_", "+/", " \t\r\n")  # the URL-safe alphabet to the usual one, without spaces
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, TypeError, IndexError, struct.error, zlib.error)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True)
class DecodedPicture:
    """pixels: 8-bit RGB, any size. key: SHA-256 of them, however they were encoded."""

    pixels: Image.Image
    key: str


def read_picture(uri: str) -> DecodedPicture:
    """Decode a base64 data URI of a PNG, JPEG, WebP or GIF; raises Refusal 400, or 413 beyond the pixel limit."""
    data, form = _decode_uri(uri)
    try:
        with Image.open(BytesIO(data), formats=(form,)) as image:
            _check_size(image)
            pixels = rgb_picture(image, data)
    except _BOMB:
        raise _too_large() from None
    except _BROKEN:
        raise Refusal(400, "image", f"The picture is damaged or is not a {form}; send it again.") from None
    return DecodedPicture(pixels, image_sha256(pixels))


def _decode_uri(uri: str) -> tuple[bytes, str]:
    head, comma, text = uri.partition(",")
    found = _HEAD.fullmatch(head[:200])
    form = _FORMATS.get(found["form"].lower()) if found else None
    if not comma or form is None:
        raise Refusal(400, "image_url", "Send the picture itself, as a base64 data URI of a PNG, JPEG, WebP or GIF.")
    plain = text.translate(_ALPHABET).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True), form
    except ValueError:
        raise Refusal(400, "image_base64", "The picture's base64 text is damaged; encode it again.") from None


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise Refusal(400, "image", "The picture has no pixels; send one of at least 1 by 1.")
    if width * height > MAX_PIXELS:
        raise _too_large()


def _too_large() -> Refusal:
    megapixels = MAX_PIXELS // 1_000_000
    return Refusal(413, "image_too_large", f"Send a smaller picture: at most {megapixels} megapixels.")
