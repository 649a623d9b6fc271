"""Conversion of decoded pictures to 8-bit RGB, by the rules for rasters.

More than 8 bits are stretched, 8 bits are kept as they are, and transparent pixels become black.
"""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
from PIL import Image, ImageFile

from rsgpt_plugin.shared.rasters.pixels import Pixels, as_rgb, stack_bands
from rsgpt_plugin.shared.rasters.stretch import Stretch, measure_stretch

# Pillow reduces these to the upper byte. The other byte order yields the lower one.
_DEEP = {"RGB;16B": ("RGB", "RGB;16L"), "RGBA;16B": ("RGBA", "RGBA;16L")}
_DEEP_GRAY_WITH_ALPHA = "LA;16B"
_TRANSLUCENT = ("RGBA", "RGBa", "LA", "La", "PA")
_ORIENTATION = 0x0112
_TURNS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def rgb_picture(image: Image.Image, data: bytes) -> Image.Image:
    """Return an opened PNG or JPEG as 8-bit RGB, with its EXIF orientation applied. data: the encoded picture.

    Raises the errors of Pillow if the data is damaged.
    """
    pixels = deep_samples(image, data)
    picture = plain_rgb(image) if pixels is None else Image.fromarray(rgb_array(pixels))
    return apply_orientation(picture, _orientation(image))


def apply_orientation(picture: Image.Image, orientation: object) -> Image.Image:
    """Return a picture upright. orientation: its number in EXIF."""
    turn = _TURNS.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def _orientation(image: Image.Image) -> object:
    """Return the EXIF orientation, or 1 (upright) if the EXIF data is damaged."""
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
        return 1


def plain_rgb(image: Image.Image) -> Image.Image:
    """Return a picture of any Pillow mode up to 8 bits as RGB. Transparent pixels become black, like no data."""
    if image.mode not in _TRANSLUCENT and "transparency" not in image.info:
        return image.convert("RGB")
    layer = np.array(image if image.mode == "RGBA" else image.convert("RGBA"))
    layer[layer[..., 3] == 0] = 0
    return Image.fromarray(np.ascontiguousarray(layer[..., :3]))


def rgb_array(pixels: Pixels, *, is_picture: bool = True) -> np.ndarray:
    """Return samples of one or three bands as uint8, height x width x 3, stretched over their own values.

    is_picture: whether 8-bit samples are kept as they are, even if they use few levels.
    """
    is_unchanged = is_picture and pixels[0].dtype == np.uint8
    stretch = Stretch() if is_unchanged else measure_stretch([pixels]) or Stretch()
    return as_rgb(stretch.apply(pixels))


def deep_samples(image: Image.Image, data: bytes) -> Pixels | None:
    """Return the samples of an opened picture of more than 8 bits, else None. Loads the picture."""
    mode = _raw_mode(image)
    if mode in _DEEP:
        return _words(image, data, mode)
    if mode == _DEEP_GRAY_WITH_ALPHA:
        pairs = np.asarray(_read_as(data, image.format, "RGBA", "RGBA")).astype(np.uint16)
        gray, alpha = pairs[..., 0] << 8 | pairs[..., 1], pairs[..., 2] << 8 | pairs[..., 3]
        image.load()
        return stack_bands([gray], [np.ones(gray.shape, bool)], alpha > 0)
    image.load()
    if not image.mode.startswith(("I", "F")):
        return None
    values = np.asarray(image)
    return stack_bands([values], [np.ones(values.shape, bool)])


def _words(image: Image.Image, data: bytes, mode: str) -> Pixels:
    rgb_mode, swapped = _DEEP[mode]
    lower = np.asarray(_read_as(data, image.format, rgb_mode, swapped)).astype(np.uint16)
    image.load()
    words = np.moveaxis(np.asarray(image).astype(np.uint16) << 8 | lower, -1, 0)
    opaque = words[3] > 0 if len(words) > len("RGB") else None
    return stack_bands(list(words[:3]), [np.ones(words.shape[1:], bool)] * 3, opaque)


def _raw_mode(image: Image.Image) -> str:
    """Return Pillow's name of the layout of the samples in the file."""
    if not isinstance(image, ImageFile.ImageFile) or not image.tile:
        return ""
    args = image.tile[0][3]
    return str(args[0] if isinstance(args, tuple) else args)


def _read_as(data: bytes, form: str | None, mode: str, raw_mode: str) -> Image.Image:
    """Decode the data with another layout of the samples."""
    image = Image.open(BytesIO(data), formats=(form,) if form else None)
    codec, extents, offset, args = image.tile[0]
    layout = (raw_mode, *args[1:]) if isinstance(args, tuple) else raw_mode
    make_tile = getattr(ImageFile, "_Tile", lambda *parts: parts)  # older versions of Pillow use a plain tuple
    image.tile[0] = make_tile(codec, extents, offset, layout)
    image._mode = mode  # Pillow cannot decode 16 bits per band, only one half of them
    image.load()
    return image
