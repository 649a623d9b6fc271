"""Pictures by file name, from a folder or a zip. It decodes PNG, JPEG and TIFF and nothing else."""

from __future__ import annotations

import io
import threading
import zipfile
from pathlib import Path

from PIL import Image

from rsgpt_plugin.shared.rasters.pixels import pixels_sha256

from ..errors import DataError, ImageError
from .pixel_decoding import rgb_picture
from .tiff import is_tiff, tiff_picture, unreadable

FORMATS = ("PNG", "JPEG")


class ImageSource:
    """Pictures of one data set. Names are looked up without their folders; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise DataError(f"{path} does not exist. Give a folder of pictures or a zip.")
        self._zip = _opened(path) if path.is_file() else None
        self._lock = threading.Lock()
        names = self._zip.namelist() if self._zip else [str(p) for p in sorted(path.rglob("*")) if p.is_file()]
        self._names = {Path(name).name: name for name in names}

    def open(self, name: str) -> Image.Image:
        """One picture as 8-bit RGB."""
        if name not in self._names:
            raise DataError(f"The picture {name} is not among the {len(self._names)} given. Check the images' path.")
        return decode(self._bytes(self._names[name]), name)

    def _bytes(self, key: str) -> bytes:
        if self._zip is None:
            return Path(key).read_bytes()
        with self._lock:
            return self._zip.read(key)


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not a readable zip. Give a folder of pictures or a zip.") from error


def open_image(path: Path) -> Image.Image:
    """A picture file as 8-bit RGB. What belongs to a TIFF is looked for beside it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror or error}.") from error
    return tiff_picture(data, path.name, str(path)) if is_tiff(data) else decode(data, path.name)


def decode(data: bytes, name: str) -> Image.Image:
    """Encoded bytes -> 8-bit RGB, by the rules of rasters."""
    if is_tiff(data):
        return tiff_picture(data, name)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return rgb_picture(image, data)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise unreadable(name, error) from error


def image_sha256(image: Image.Image) -> str:
    """Of an 8-bit RGB picture; see shared.pixels."""
    return pixels_sha256((image.height, image.width, 3), image.tobytes())
