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
from PIL import Image, ImageOps

from rsgpt_backend.data import tiff
from rsgpt_backend.data.image_files import ImageSource, decode, open_image
from rsgpt_backend.data.pixel_decoding import plain_rgb
from rsgpt_backend.errors import DataError, ImageError
from rsgpt_plugin.shared.rasters.pixels import as_rgb
from rsgpt_plugin.shared.rasters.stretch import measure_stretch
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


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr"])
def test_plain_modes_become_rgb(mode: str) -> None:
    white = Image.new("RGB", (2, 2), "white").convert(mode)
    image = plain_rgb(white)
    assert (image.mode, image.getpixel((1, 1))) == ("RGB", (255, 255, 255))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_are_black_like_no_data(mode: str) -> None:
    image = Image.new("RGBA", (3, 1), (200, 200, 200, 0))
    image.putpixel((1, 0), (100, 100, 100, 255))
    image.putpixel((2, 0), (100, 100, 100, 1))
    shown = plain_rgb(image.convert(mode))
    assert [shown.getpixel((x, 0)) for x in range(3)] == [(0, 0, 0), (100, 100, 100), (100, 100, 100)]


def test_a_transparent_color_of_a_palette_is_black() -> None:
    white = Image.new("P", (2, 2), 0)
    white.putpalette([255, 255, 255])
    white.info["transparency"] = 0
    assert plain_rgb(white).getpixel((0, 0)) == (0, 0, 0)


def deep_png(words: np.ndarray) -> bytes:
    """Return a 16-bit PNG of height x width x bands, which Pillow cannot write."""
    height, width, bands = words.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in words)
    head = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[bands], 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(data)) + kind + data + crc(kind + data) for kind, data in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def crc(data: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(data))


@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_a_png_of_16_bits_keeps_its_lower_byte(bands: int) -> None:
    """Data of 11 bits would be black if only the upper byte were read."""
    words = np.random.default_rng(1).integers(0, 2048, (20, 30, bands), dtype=np.uint16)
    if bands in (2, 4):
        words[..., -1] = 65535
        words[:5, :, -1] = 0
    colors = words[..., : 1 if bands < 3 else 3]
    valid = words[..., -1] > 0 if bands in (2, 4) else np.ones((20, 30), bool)
    values = np.moveaxis(colors, -1, 0)
    stretch = measure_stretch([(values, valid)])
    assert stretch is not None
    expected = as_rgb(stretch.apply((values, valid)))
    assert np.array_equal(np.asarray(decode(deep_png(words), "a")), expected)


@pytest.mark.parametrize(
    ("dtype", "kind"), [(np.uint16, "PNG"), (np.uint16, "TIFF"), (np.int32, "TIFF"), (np.float32, "TIFF")]
)
def test_deep_gray_is_stretched_over_most_of_its_values(dtype: type, kind: str) -> None:
    values = np.tile(np.arange(1000, 2000, dtype=dtype), (10, 1))
    values[:, 0] = 65535  # a hot column
    shown = np.asarray(decode(encoded(Image.fromarray(values), kind), "a"))
    assert shown[0, 500, 0] in range(120, 136)
    assert (shown[..., 0] == shown[..., 2]).all()


def test_uniform_deep_gray_is_gray() -> None:
    image = decode(encoded(Image.fromarray(np.full((2, 2), 7, dtype=np.uint16))), "a")
    assert image.getpixel((0, 0)) == (128, 128, 128)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_exif_orientation_is_applied(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    picture(3).save(buffer, kind, exif=exif)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(buffer.getvalue())))
    assert np.array_equal(np.asarray(decode(buffer.getvalue(), "a")), np.asarray(expected))


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.parametrize("has_rasterio", [False, True])
def test_the_orientation_of_a_tiff_without_a_position_is_applied(
    monkeypatch: pytest.MonkeyPatch, orientation: int, deep: bool, has_rasterio: bool
) -> None:
    monkeypatch.setattr(tiff, "find_spec", lambda _: has_rasterio or None)
    values = np.arange(20 * 30, dtype=np.uint16).reshape(20, 30) * np.uint16(90)
    image = Image.fromarray(values if deep else (values // 256).astype(np.uint8))
    upright, stored = (decode(encoded_as(image, number), "a") for number in (1, orientation))
    expected = {1: upright, 3: upright.rotate(180), 6: upright.transpose(Image.Transpose.ROTATE_270)}[orientation]
    assert np.array_equal(np.asarray(stored), np.asarray(expected))


def encoded_as(image: Image.Image, orientation: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", tiffinfo={274: orientation})
    return buffer.getvalue()


def test_dark_bytes_are_not_stretched() -> None:
    """A client may send a tile of water that is already stretched."""
    dark = Image.fromarray(np.full((8, 8, 3), 9, np.uint8))
    assert decode(encoded(dark), "a").getpixel((0, 0)) == (9, 9, 9)
    assert decode(encoded(dark, "TIFF"), "a").getpixel((0, 0)) == (9, 9, 9)
