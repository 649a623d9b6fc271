"""Decoding of data URIs to 8-bit RGB pictures. It opens no path, fetches no URL and guesses no format.

The EXIF orientation is applied, color profiles are not. Of an animation, the first frame is used.
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
_ALPHABET = str.maketrans("-_", "+/", " \t\r\n")  # URL-safe to standard base64, without whitespace
_DECODE_ERRORS = (OSError, SyntaxError, ValueError, EOFError, TypeError, IndexError, struct.error, zlib.error)
_BOMB_ERRORS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True)
class DecodedPicture:
    """pixels: 8-bit RGB of any size. key: SHA-256 of the pixels, independent of their encoding."""

    pixels: Image.Image
    key: str


def read_picture(uri: str) -> DecodedPicture:
    """Decode a base64 data URI of a PNG, JPEG, WebP or GIF. Raises Refusal 400, or 413 above the pixel limit."""
    data, form = _decode_uri(uri)
    try:
        with Image.open(BytesIO(data), formats=(form,)) as image:
            _check_size(image)
            pixels = rgb_picture(image, data)
    except _BOMB_ERRORS:
        raise _too_large() from None
    except _DECODE_ERRORS:
        raise Refusal(400, "image", f"The picture is damaged or is not a {form}; send it again.") from None
    return DecodedPicture(pixels, image_sha256(pixels))


def _decode_uri(uri: str) -> tuple[bytes, str]:
    head, comma, text = uri.partition(",")
    match = _HEAD.fullmatch(head[:200])
    form = _FORMATS.get(match["form"].lower()) if match else None
    if not comma or form is None:
        raise Refusal(400, "image_url", "Send the picture itself, as a base64 data URI of a PNG, JPEG, WebP or GIF.")
    base64_text = text.translate(_ALPHABET).rstrip("=")
    try:
        return base64.b64decode(base64_text + "=" * (-len(base64_text) % 4), validate=True), form
    except ValueError:
        raise Refusal(400, "image_base64", "The picture's base64 text is damaged; encode it again.") from None


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise Refusal(400, "image", "The picture has no pixels; send one of at least 1 by 1 pixel.")
    if width * height > MAX_PIXELS:
        raise _too_large()


def _too_large() -> Refusal:
    megapixels = MAX_PIXELS // 1_000_000
    return Refusal(413, "image_too_large", f"Send a smaller picture: at most {megapixels} megapixels.")
