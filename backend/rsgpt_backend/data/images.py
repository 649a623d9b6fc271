"""Pictures by file name, from a folder or a zip. It decodes PNG, JPEG and TIFF and nothing else."""

from __future__ import annotations

import io
import threading
import zipfile
from pathlib import Path

from PIL import Image

from rsgpt_plugin.shared.pixels import pixels_sha256

from ..errors import DataError, ImageError

FORMATS = ("PNG", "JPEG", "TIFF")


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
    """A picture file as 8-bit RGB."""
    try:
        return decode(path.read_bytes(), path.name)
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror or error}.") from error


def decode(data: bytes, name: str) -> Image.Image:
    """Encoded bytes -> 8-bit RGB; transparency is laid on white."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        image.load()
        return to_rgb(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageError(
            f"{name} is not a readable PNG, JPEG or TIFF with 8 bits a band, or one band. Convert it to one of these."
        ) from error


def image_sha256(image: Image.Image) -> str:
    """Of an 8-bit RGB picture; see shared.pixels."""
    return pixels_sha256((image.height, image.width, 3), image.tobytes())


def to_rgb(image: Image.Image) -> Image.Image:
    """Any Pillow mode -> RGB; deep grey is stretched over its own range, what is transparent is laid on white."""
    if image.mode.startswith(("I", "F")):
        low, high = image.getextrema()
        scale = 255 / (float(high) - float(low) or 1.0)  # type: ignore[arg-type]  # single-band modes give two numbers
        return image.convert("F").point(lambda v: v * scale - float(low) * scale).convert("L").convert("RGB")  # type: ignore[arg-type]  # as above
    is_plain = image.mode == "RGB" and "transparency" not in image.info
    if is_plain or not image.has_transparency_data:  # QGIS may bring a Pillow that can tell only the first
        return image.convert("RGB")
    layer = image if image.mode == "RGBA" else image.convert("RGBA")
    page = Image.new("RGB", image.size, "white")
    page.paste(layer, mask=layer.getchannel("A"))
    return page
