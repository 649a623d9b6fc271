"""TIFF files as 8-bit RGB pictures, by the rules of `rsgpt batch`, read with rasterio if it is installed.

Without rasterio, Pillow reads a part of the formats by the same rules, and the others are refused, so that a picture
does not depend on the installed packages. (Except lossy compression: JPEG decoders differ by some gray levels.)
"""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, TiffImagePlugin

from rsgpt_plugin.shared.rasters.pixels import Pixels, no_data_mask, stack_bands
from rsgpt_plugin.shared.rasters.tiles import Geotransform, Orientation, upright

from ..errors import ImageError
from .pixel_decoding import apply_orientation, plain_rgb, rgb_array

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BITS, _SAMPLES, _EXTRA_SAMPLES, _SAMPLE_FORMAT, _SUBFILE = 258, 277, 338, 339, 254
_SCALE, _TIEPOINT, _TRANSFORMATION, _GEO_KEYS, _NO_DATA = 33550, 33922, 34264, 34735, 42113
_ORIENTATION_TAG = 274
_IS_MASK = 4
_PALETTE = ("1", "P")
_PLAIN = ("L", "RGB", "CMYK", "YCbCr", "LAB")
_INSTALL = "Run `scripts/rsgpt batch --help`, which installs it, or `pip install rsgpt-backend[batch]`."
_DECODE_ERRORS = (OSError, SyntaxError, ValueError, TypeError, LookupError, Image.DecompressionBombError)


def is_tiff(data: bytes) -> bool:
    """Return whether encoded data starts like a TIFF."""
    return data[:4] in _MAGIC


def tiff_picture(data: bytes, name: str, path: str = "") -> Image.Image:
    """Decode a TIFF to 8-bit RGB. path: of the file, to find masks next to it; "" for none. Raises ImageError."""
    try:
        with Image.open(io.BytesIO(data), formats=("TIFF",)) as image:
            if _is_plain(image):
                image.load()
                return _upright(plain_rgb(image), image)
            orientation = _tags(image).get(_ORIENTATION_TAG, 1)
            pixels = None if find_spec("rasterio") else _pillow_samples(image, path)
            has_grid = _geotransform(image) is not None
    except _DECODE_ERRORS as error:
        if not find_spec("rasterio"):
            raise ImageError(f"{name} cannot be read without the package rasterio ({error}). {_INSTALL}") from error
        pixels, orientation = None, 1
    if pixels is not None:  # already upright
        return _picture(pixels, name, has_grid)
    pixels, has_grid = _rasterio_samples(data, name, path)
    return apply_orientation(_picture(pixels, name, has_grid), 1 if has_grid else orientation)


def unreadable_picture(name: str, error: object) -> ImageError:
    """Return the error for data that is not a picture."""
    return ImageError(f"{name} is not a readable PNG, JPEG or TIFF ({error}). Convert it to one of these.")


def _picture(pixels: Pixels, name: str, has_grid: bool) -> Image.Image:
    if not pixels[1].any():
        raise ImageError(f"{name} has no valid pixel. Check its no-data value and its mask.")
    return Image.fromarray(rgb_array(pixels, is_picture=not has_grid))


def _is_plain(image: Image.Image) -> bool:
    """Return whether it is an 8-bit picture, not a raster with a position, no data, a mask or more bits.

    Pillow always decodes palettes.
    """
    if image.mode in _PALETTE:
        return True
    tags = _tags(image)
    is_raster = any(tag in tags for tag in (_EXTRA_SAMPLES, _SCALE, _TRANSFORMATION, _GEO_KEYS, _NO_DATA))
    bits, formats = tags.get(_BITS, (1,)), tags.get(_SAMPLE_FORMAT, (1,))
    is_of_bytes = max(bits) <= np.iinfo(np.uint8).bits and set(formats) == {1}
    return image.mode in _PLAIN and is_of_bytes and not is_raster and not _mask(image)


def _rasterio_samples(data: bytes, name: str, path: str) -> tuple[Pixels, bool]:
    """Return all pixels of the file, and whether they have a position."""
    from rasterio.io import MemoryFile  # noqa: PLC0415 - an optional package

    if path:
        return _all_samples(path, name)
    with MemoryFile(data, filename="picture.tif") as file:
        return _all_samples(file.name, name)


def _all_samples(source: str, name: str) -> tuple[Pixels, bool]:
    from .raster_reader import RasterReader  # noqa: PLC0415

    try:
        with RasterReader(source, "GTiff") as raster:
            window, max_pixels = raster.frame.whole, 2 * (Image.MAX_IMAGE_PIXELS or 0)
            if max_pixels and window.width * window.height > max_pixels:
                raise ImageError(f"it has more than {max_pixels} pixels; use `rsgpt batch`")
            return raster.read(raster.choose_bands(()), window, (window.width, window.height)), raster.has_grid
    except ImageError as error:
        raise unreadable_picture(name, str(error).replace(source, name)) from error


def _pillow_samples(image: Image.Image, path: str) -> Pixels:
    """Return the samples if Pillow can read them without loss, else raise ValueError."""
    if path and Path(f"{path}.msk").exists():
        raise ValueError("there is a mask file")
    tags, mask = _tags(image), _mask(image)
    values = np.asarray(image)
    if values.ndim < 3 <= tags.get(_SAMPLES, 1):
        raise ValueError("too many bands")
    if image.mode not in ("L", "RGB", "RGBA") and not image.mode.startswith(("I", "F")):
        raise ValueError(f"mode {image.mode}")
    bands = list(np.moveaxis(values, -1, 0)) if values.ndim > 2 else [_as_stored(values, tags)]
    if len(bands) > 1 and max(tags.get(_BITS, (1,))) > np.iinfo(np.uint8).bits:
        raise ValueError("several bands of more than 8 bits")  # Pillow reduces them to the upper byte
    valid = [_has_data(band, tags) if mask is None else mask > 0 for band in bands[:3]]
    pixels = stack_bands(bands[:3], valid, bands[3] > 0 if len(bands) > len("RGB") else None)
    orientation = _orientation(image)
    return orientation.upright(pixels[0]), orientation.upright(pixels[1])


def _as_stored(values: np.ndarray, tags: Any) -> np.ndarray:
    """Return gray samples in the type of the file, if Pillow uses another one."""
    is_signed = set(tags.get(_SAMPLE_FORMAT, (1,))) == {2}
    if is_signed and values.dtype == np.uint8:
        return values.view(np.int8)
    return values.view(np.uint32) if values.dtype == np.int32 and _is_32_bit(tags) and not is_signed else values


def _is_32_bit(tags: Any) -> bool:
    return max(tags.get(_BITS, (1,))) == np.iinfo(np.uint32).bits


def _upright(picture: Image.Image, image: Image.Image) -> Image.Image:
    """Turn a picture upright by the geotransform of its image."""
    turned = _orientation(image).upright(np.moveaxis(np.asarray(picture), -1, 0))
    return Image.fromarray(np.ascontiguousarray(np.moveaxis(turned, 0, -1)))


def _orientation(image: Image.Image) -> Orientation:
    transform = _geotransform(image)
    return upright(transform, image.width, image.height)[1] if transform else Orientation()


def _has_data(band: np.ndarray, tags: Any) -> np.ndarray:
    text = str(tags.get(_NO_DATA, "")).strip("\0 ")
    return ~no_data_mask(band, float(text)) if text else np.ones(band.shape, bool)


def _mask(image: Image.Image) -> np.ndarray | None:
    """Return the mask from another page of the file, or None."""
    for page in range(1, getattr(image, "n_frames", 1)):
        image.seek(page)
        if _tags(image).get(_SUBFILE, 0) & _IS_MASK:
            mask = np.asarray(image.convert("L"))
            image.seek(0)
            return mask
    image.seek(0)
    return None


def _geotransform(image: Image.Image) -> Geotransform | None:
    tags = _tags(image)
    if _TRANSFORMATION in tags:
        m = [float(value) for value in tags[_TRANSFORMATION]]
        return (m[3], m[0], m[1], m[7], m[4], m[5])
    if _SCALE in tags and _TIEPOINT in tags:
        (across, down, *_), (x, y, _, left, top, *_) = tags[_SCALE], tags[_TIEPOINT]
        return (left - x * across, float(across), 0.0, top + y * down, 0.0, -float(down))
    return None


def _tags(image: Image.Image) -> Any:
    return image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
