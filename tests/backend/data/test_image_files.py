"""Decoding of pictures to 8-bit RGB, and errors for unreadable ones."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rsgpt_backend.data.image_files import ImageSource, decode, open_image
from rsgpt_backend.errors import DataError, ImageError
from tests.backend.toy import picture


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture(params=["folder", "zip"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> ImageSource:
    """Three pictures in nested folders or a zip archive."""
    files = {f"deep/er/{number}.png": encoded(picture(number)) for number in range(3)}
    if request.param == "zip":
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.mkdir("deep")
            for name, data in files.items():
                archive.writestr(name, data)
        return ImageSource(tmp_path / "a.zip")
    for name, data in files.items():
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(data)
    return ImageSource(tmp_path / "set")


def test_pictures_are_found_without_their_folders(source: ImageSource) -> None:
    for number in range(3):
        assert source.open(f"{number}.png").tobytes() == picture(number).tobytes()


def test_an_unknown_picture_is_refused(source: ImageSource) -> None:
    with pytest.raises(DataError, match=r"9\.png is not one of the"):
        source.open("9.png")


def test_several_threads_read_at_once(source: ImageSource) -> None:
    names = [f"{number % 3}.png" for number in range(60)]
    with ThreadPoolExecutor(8) as pool:
        images = list(pool.map(source.open, names))
    assert all(image.tobytes() == picture(number % 3).tobytes() for number, image in enumerate(images))


def test_a_source_that_is_neither_folder_nor_zip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        ImageSource(tmp_path / "nowhere")
    (tmp_path / "a.zip").write_bytes(b"no zip")
    with pytest.raises(DataError, match="not a readable zip archive"):
        ImageSource(tmp_path / "a.zip")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_supported_formats_are_decoded(kind: str) -> None:
    image = decode(encoded(picture(1), kind), "a")
    assert (image.mode, image.size) == ("RGB", (96, 80))
    assert np.abs(np.asarray(image).astype(int) - np.asarray(picture(1))).mean() < 8


@pytest.mark.parametrize("kind", ["BMP", "GIF", "WEBP", "PPM"])
def test_other_formats_are_not_decoded(kind: str) -> None:
    with pytest.raises(ImageError, match=r"a\.x is not a readable PNG, JPEG or TIFF .*Convert it"):
        decode(encoded(picture(1), kind), "a.x")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("length", [0, 4, 60, -40])
@pytest.mark.filterwarnings("ignore:Truncated File Read:UserWarning")
def test_a_truncated_picture_is_refused(kind: str, length: int) -> None:
    with pytest.raises(ImageError, match="not a readable"):
        decode(encoded(picture(1), kind)[:length], "a")


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    with pytest.raises(ImageError, match="not a readable"):
        decode(data, "a")


@pytest.mark.parametrize("name", ["missing.png", "."])
def test_an_unreadable_path_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImageError, match="cannot be read: "):
        open_image(tmp_path / name)


def test_open_image_decodes_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded(picture(2)))
    assert open_image(tmp_path / "a.png").tobytes() == picture(2).tobytes()
