"""Pictures come out as 8-bit RGB whatever they were, or end in a sentence that names them."""

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

from rsgpt_backend.data.images import ImageSource, decode, open_image, to_rgb
from rsgpt_backend.errors import DataError, ImageError
from tests.backend.toy import picture


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture(params=["folder", "zip"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> ImageSource:
    """Three pictures in nested folders, plain or zipped."""
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


def test_a_picture_that_is_not_there(source: ImageSource) -> None:
    with pytest.raises(DataError, match=r"9\.png is not among the"):
        source.open("9.png")


def test_several_threads_read_at_once(source: ImageSource) -> None:
    names = [f"{number % 3}.png" for number in range(60)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(source.open, names))
    assert all(image.tobytes() == picture(number % 3).tobytes() for number, image in enumerate(found))


def test_neither_folder_nor_zip(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        ImageSource(tmp_path / "nowhere")
    (tmp_path / "a.zip").write_bytes(b"no zip")
    with pytest.raises(DataError, match="not a readable zip"):
        ImageSource(tmp_path / "a.zip")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_known_formats(kind: str) -> None:
    image = decode(encoded(picture(1), kind), "a")
    assert (image.mode, image.size) == ("RGB", (96, 80))
    assert np.abs(np.asarray(image).astype(int) - np.asarray(picture(1))).mean() < 8


@pytest.mark.parametrize("kind", ["BMP", "GIF", "WEBP", "PPM"])
def test_other_formats_are_not_decoded(kind: str) -> None:
    with pytest.raises(ImageError, match=r"a\.x is not a readable PNG, JPEG or TIFF with 8 bits .*Convert it"):
        decode(encoded(picture(1), kind), "a.x")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("kept", [0, 4, 60, -40])
@pytest.mark.filterwarnings("ignore:Truncated File Read:UserWarning")
def test_a_cut_picture_is_refused(kind: str, kept: int) -> None:
    with pytest.raises(ImageError, match="not a readable"):
        decode(encoded(picture(1), kind)[:kept], "a")


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    with pytest.raises(ImageError, match="not a readable"):
        decode(data, "a")


@pytest.mark.parametrize("name", ["missing.png", "."])
def test_a_path_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImageError, match="cannot be read: "):
        open_image(tmp_path / name)


def test_open_image(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded(picture(2)))
    assert open_image(tmp_path / "a.png").tobytes() == picture(2).tobytes()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr"])
def test_plain_modes(mode: str) -> None:
    white = Image.new("RGB", (2, 2), "white").convert(mode)
    image = to_rgb(white)
    assert (image.mode, image.getpixel((1, 1))) == ("RGB", (255, 255, 255))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_laid_on_white(mode: str) -> None:
    clear = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    clear.putpixel((1, 0), (0, 0, 0, 255))
    image = to_rgb(clear.convert(mode))
    assert [image.getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), (0, 0, 0)]


def test_a_transparent_colour_of_a_palette_is_laid_on_white() -> None:
    black = Image.new("P", (2, 2), 0)
    black.info["transparency"] = 0
    assert to_rgb(black).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [((1000, 2000, 3000), np.uint16), ((-5, 0, 5), np.int32), ((0.25, 0.5, 0.75), np.float32)],
)
def test_deep_grey_is_stretched_over_its_own_range(values: tuple[float, ...], dtype: type) -> None:
    image = to_rgb(Image.fromarray(np.array([values], dtype=dtype)))
    low, middle, high = (image.getpixel((x, 0)) for x in range(3))
    assert (low, high) == ((0, 0, 0), (255, 255, 255))
    assert middle in ((127, 127, 127), (128, 128, 128))


def test_even_deep_grey_is_black_not_an_error() -> None:
    assert to_rgb(Image.fromarray(np.full((2, 2), 7, dtype=np.uint16))).getpixel((0, 0)) == (0, 0, 0)


def test_a_16_bit_tiff_from_disk() -> None:
    data = encoded(Image.fromarray(np.array([[100, 60_000]], dtype=np.uint16)), "TIFF")
    image = decode(data, "a")
    assert [image.getpixel((x, 0)) for x in (0, 1)] == [(0, 0, 0), (255, 255, 255)]
