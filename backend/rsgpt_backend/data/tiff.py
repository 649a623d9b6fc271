"""TIFF files as 8-bit RGB pictures, by the rules of `rsgpt batch`; through rasterio where it is installed.

Without it, Pillow reads what it can by the same rules, and the rest is refused, so that a picture does not depend on
what is installed. (Lossy compression is an exception: two decoders of JPEG differ by some grey levels.)
"""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, TiffImagePlugin

from rsgpt_plugin.shared.rasters.pixels import Pixels, is_no_data, stacked
from rsgpt_plugin.shared.rasters.tiles import Geotransform, Orientation, upright

from ..errors import ImageError
from .pixel_decoding import plain_rgb, rgb_array, turned

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BITS, _SAMPLES, _EXTRA_SAMPLES, _SAMPLE_FORMAT, _SUBFILE = 258, 277, 338, 339, 254
_SCALE, _TIEPOINT, _TRANSFORMATION, _GEO_KEYS, _NO_DATA = 33550, 33922, 34264, 34735, 42113
_TURNED = 274
_IS_MASK = 4
_PALETTE = ("1", "P")
_PLAIN = ("L", "RGB", "CMYK", "YCbCr", "LAB")
_INSTALL = "Run `scripts/rsgpt batch --help`, which installs it, or `pip install rsgpt-backend[batch]`."
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, LookupError, Image.DecompressionBombError)


def is_tiff(data: bytes) -> bool:
    """Whether encoded bytes begin as a TIFF."""
    return data[:4] in _MAGIC


def tiff_picture(data: bytes, name: str, path: str = "") -> Image.Image:
    """A TIFF as 8-bit RGB. path: where it lies, with masks beside it; "" where nothing is beside it."""
    try:
        with Image.open(io.BytesIO(data), formats=("TIFF",)) as image:
            if _is_plain(image):
                image.load()
                return _upright(plain_rgb(image), image)
            orientation = _tags(image).get(_TURNED, 1)
            pixels = None if find_spec("rasterio") else _pillow_samples(image, path)
            has_grid = _geotransform(image) is not None
    except _BROKEN as error:
        if not find_spec("rasterio"):
            raise ImageError(f"{name} cannot be read without the package rasterio ({error}). {_INSTALL}") from error
        pixels, orientation = None, 1
    if pixels is not None:  # Pillow has turned them
        return _shown(pixels, name, has_grid)
    pixels, has_grid = _rasterio_samples(data, name, path)
    return turned(_shown(pixels, name, has_grid), 1 if has_grid else orientation)


def unreadable(name: str, error: object) -> ImageError:
    """The error for bytes that are no picture."""
    return ImageError(f"{name} is not a readable PNG, JPEG or TIFF ({error}). Convert it to one of these.")


def _shown(pixels: Pixels, name: str, has_grid: bool) -> Image.Image:
    if not pixels[1].any():
        raise ImageError(f"{name} has no valid pixel. Check its no-data value and its mask.")
    return Image.fromarray(rgb_array(pixels, is_picture=not has_grid))


def _is_plain(image: Image.Image) -> bool:
    """Whether it is a picture of 8 bits, rather than a raster with a position, no data, a mask or deeper samples.

    Colours of a palette are for Pillow in any case.
    """
    if image.mode in _PALETTE:
        return True
    tags = _tags(image)
    is_raster = any(tag in tags for tag in (_EXTRA_SAMPLES, _SCALE, _TRANSFORMATION, _GEO_KEYS, _NO_DATA))
    bits, formats = tags.get(_BITS, (1,)), tags.get(_SAMPLE_FORMAT, (1,))
    is_of_bytes = max(bits) <= np.iinfo(np.uint8).bits and set(formats) == {1}
    return image.mode in _PLAIN and is_of_bytes and not is_raster and not _mask(image)


def _rasterio_samples(data: bytes, name: str, path: str) -> tuple[Pixels, bool]:
    """All pixels of the file, and whether they have a position."""
    from rasterio.io import MemoryFile  # noqa: PLC0415 - installed for large rasters alone

    if path:
        return _all_samples(path, name)
    with MemoryFile(data, filename="picture.tif") as file:
        return _all_samples(file.name, name)


def _all_samples(source: str, name: str) -> tuple[Pixels, bool]:
    from .raster_reader import RasterReader  # noqa: PLC0415

    try:
        with RasterReader(source, "GTiff") as raster:
            window, most = raster.frame.whole, 2 * (Image.MAX_IMAGE_PIXELS or 0)
            if most and window.width * window.height > most:
                raise ImageError(f"More than {most} pixels are for `rsgpt batch`.")
            return raster.read(raster.choose(()), window, (window.width, window.height)), raster.has_grid
    except ImageError as error:
        raise unreadable(name, str(error).replace(source, name)) from error


def _pillow_samples(image: Image.Image, path: str) -> Pixels:
    """The samples that Pillow reads without loss. ValueError for others."""
    if path and Path(f"{path}.msk").exists():
        raise ValueError("a mask lies beside it")
    tags, mask = _tags(image), _mask(image)
    values = np.asarray(image)
    if values.ndim < 3 <= tags.get(_SAMPLES, 1):
        raise ValueError("more bands than are read")
    if image.mode not in ("L", "RGB", "RGBA") and not image.mode.startswith(("I", "F")):
        raise ValueError(f"mode {image.mode}")
    bands = list(np.moveaxis(values, -1, 0)) if values.ndim > 2 else [_as_stored(values, tags)]
    if len(bands) > 1 and max(tags.get(_BITS, (1,))) > np.iinfo(np.uint8).bits:
        raise ValueError("several bands of more than 8 bits")  # Pillow cuts them to the upper byte
    shown = [_has_data(band, tags) if mask is None else mask > 0 for band in bands[:3]]
    pixels = stacked(bands[:3], shown, bands[3] > 0 if len(bands) > len("RGB") else None)
    orientation = _orientation(image)
    return orientation.upright(pixels[0]), orientation.upright(pixels[1])


def _as_stored(values: np.ndarray, tags: Any) -> np.ndarray:
    """Grey samples of their own type where Pillow has none like it."""
    is_signed = set(tags.get(_SAMPLE_FORMAT, (1,))) == {2}
    if is_signed and values.dtype == np.uint8:
        return values.view(np.int8)
    return values.view(np.uint32) if values.dtype == np.int32 and _is_of_words(tags) and not is_signed else values


def _is_of_words(tags: Any) -> bool:
    return max(tags.get(_BITS, (1,))) == np.iinfo(np.uint32).bits


def _upright(picture: Image.Image, image: Image.Image) -> Image.Image:
    """A picture of a georeferenced image, turned as that says."""
    turned = _orientation(image).upright(np.moveaxis(np.asarray(picture), -1, 0))
    return Image.fromarray(np.ascontiguousarray(np.moveaxis(turned, 0, -1)))


def _orientation(image: Image.Image) -> Orientation:
    transform = _geotransform(image)
    return upright(transform, image.width, image.height)[1] if transform else Orientation()


def _has_data(band: np.ndarray, tags: Any) -> np.ndarray:
    text = str(tags.get(_NO_DATA, "")).strip("\0 ")
    return ~is_no_data(band, float(text)) if text else np.ones(band.shape, bool)


def _mask(image: Image.Image) -> np.ndarray | None:
    """The mask that is stored as another page of the file, if there is one."""
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
