"""PNG, JPEG and TIFF pictures from files, folders or zip archives."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from pathlib import Path

from PIL import Image

from rsgpt_plugin.shared.rasters.pixels import pixels_sha256

from ..errors import DataError, ImageError
from .pixel_decoding import rgb_picture
from .tiff import is_tiff, tiff_picture, unreadable_picture

FORMATS = ("PNG", "JPEG")
_WINDOW = re.compile(r"xywh=(\d+),(\d+),([1-9]\d*),([1-9]\d*)")


class ImageSource:
    """The pictures of a data set by file name without folders. It may be used from several threads.

    A name may end with a media fragment, which selects a window in pixels: "scene.tif#xywh=0,256,512,512".
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise DataError(f"{path} does not exist. Choose a folder of pictures or a zip archive.")
        self._zip = _open_zip(path) if path.is_file() else None
        self._lock = threading.Lock()
        names = self._zip.namelist() if self._zip else [str(file) for file in sorted(path.rglob("*")) if file.is_file()]
        self._names = {Path(name).name: name for name in names}

    def open(self, name: str) -> Image.Image:
        """Return a picture as 8-bit RGB. Raises DataError if it does not exist, ImageError if it cannot be read."""
        file, _, fragment = (name, "", "") if name in self._names else name.partition("#")
        if file not in self._names:
            raise DataError(
                f"The picture {file} is not one of the {len(self._names)} files. Check the path of the images."
            )
        picture = decode(self._bytes(self._names[file]), file)
        return _window(picture, fragment) if fragment else picture

    def _bytes(self, key: str) -> bytes:
        if self._zip is None:
            return Path(key).read_bytes()
        with self._lock:
            return self._zip.read(key)


def _window(picture: Image.Image, fragment: str) -> Image.Image:
    numbers = _WINDOW.fullmatch(fragment)
    if numbers is None:
        raise DataError(f"{fragment!r} is not a window. Write it as xywh=left,top,width,height in pixels.")
    left, top, width, height = map(int, numbers.groups())
    if left + width > picture.width or top + height > picture.height:
        raise DataError(f"The window {fragment} is outside its picture, {picture.width} x {picture.height} pixels.")
    return picture.crop((left, top, left + width, top + height))


def _open_zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} is not a readable zip archive. Choose a folder of pictures or a zip archive."
        ) from error


def open_image(path: Path) -> Image.Image:
    """Read a picture file as 8-bit RGB. Uses the files that belong to a TIFF. Raises ImageError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror or error}.") from error
    return tiff_picture(data, path.name, str(path)) if is_tiff(data) else decode(data, path.name)


def decode(data: bytes, name: str) -> Image.Image:
    """Decode a picture to 8-bit RGB, by the rules for rasters. Raises ImageError, with `name`."""
    if is_tiff(data):
        return tiff_picture(data, name)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return rgb_picture(image, data)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise unreadable_picture(name, error) from error


def image_sha256(image: Image.Image) -> str:
    """Return the SHA-256 of an 8-bit RGB picture; see shared.rasters.pixels."""
    return pixels_sha256((image.height, image.width, 3), image.tobytes())
