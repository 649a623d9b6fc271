"""Decoded pictures become 8-bit RGB: bytes are kept, deeper samples stretched, transparent pixels black."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from rsgpt_backend.data.pixel_decoding import apply_orientation, deep_samples, plain_rgb, rgb_array, rgb_picture
from rsgpt_plugin.shared.rasters.pixels import as_rgb
from rsgpt_plugin.shared.rasters.stretch import measure_stretch
from tests.backend.toy import picture

BYTES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def shown(data: bytes) -> Image.Image:
    """Return encoded data as decoded by the module."""
    with Image.open(io.BytesIO(data)) as image:
        return rgb_picture(image, data)


def encoded(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def valid_everywhere(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return values, np.ones(values.shape[1:], bool)


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
    assert np.array_equal(np.asarray(shown(deep_png(words))), expected)


def test_deep_gray_is_stretched_over_most_of_its_values() -> None:
    values = np.tile(np.arange(1000, 2000, dtype=np.uint16), (10, 1))
    values[:, 0] = 65535  # a hot column
    rgb = np.asarray(shown(encoded(Image.fromarray(values))))
    assert rgb[0, 500, 0] in range(120, 136)
    assert (rgb[..., 0] == rgb[..., 2]).all()


def test_uniform_deep_gray_is_gray() -> None:
    image = shown(encoded(Image.fromarray(np.full((2, 2), 7, dtype=np.uint16))))
    assert image.getpixel((0, 0)) == (128, 128, 128)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_exif_orientation_is_applied(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    picture(3).save(buffer, kind, exif=exif)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(buffer.getvalue())))
    assert np.array_equal(np.asarray(shown(buffer.getvalue())), np.asarray(expected))


def test_dark_bytes_are_not_stretched() -> None:
    """A client may send a tile of water that is already stretched."""
    dark = Image.fromarray(np.full((8, 8, 3), 9, np.uint8))
    assert shown(encoded(dark)).getpixel((0, 0)) == (9, 9, 9)


def test_samples_of_eight_bits_are_not_deep() -> None:
    data = encoded(picture(1))
    with Image.open(io.BytesIO(data)) as image:
        assert deep_samples(image, data) is None


def test_deep_samples_are_those_of_the_file() -> None:
    words = np.array([[[300, 5, 65535], [0, 1, 2]]], np.uint16)
    data = deep_png(words)
    with Image.open(io.BytesIO(data)) as image:
        pixels = deep_samples(image, data)
    assert pixels is not None
    assert np.array_equal(pixels[0], np.moveaxis(words, -1, 0))
    assert pixels[0].dtype == np.uint16
    assert pixels[1].all()


def test_a_deep_pixel_is_valid_unless_it_is_transparent() -> None:
    words = np.array([[[300, 5, 7, 0], [9, 1, 2, 1], [3, 3, 3, 65535]]], np.uint16)
    data = deep_png(words)
    with Image.open(io.BytesIO(data)) as image:
        pixels = deep_samples(image, data)
    assert pixels is not None
    assert len(pixels[0]) == 3
    assert pixels[1].tolist() == [[False, True, True]]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
def test_damaged_exif_data_leave_a_picture_upright() -> None:
    buffer = io.BytesIO()
    picture(3).save(buffer, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    with Image.open(io.BytesIO(buffer.getvalue())) as plain:
        expected = np.asarray(plain.convert("RGB"))
    assert np.array_equal(np.asarray(shown(buffer.getvalue())), expected)


@pytest.mark.parametrize("orientation", [1, 0, 9, None, "6", (6,)])
def test_an_unknown_orientation_leaves_a_picture_unchanged(orientation: object) -> None:
    image = picture(1)
    assert apply_orientation(image, orientation) is image


@pytest.mark.parametrize("orientation", [2, 3, 4])
def test_mirroring_and_half_turns_undo_themselves(orientation: int) -> None:
    once = apply_orientation(picture(1), orientation)
    assert once.tobytes() != picture(1).tobytes()
    assert apply_orientation(once, orientation).tobytes() == picture(1).tobytes()


def test_a_truncated_picture_raises_an_error_of_pillow() -> None:
    with pytest.raises(OSError, match="truncated|broken"):
        shown(encoded(picture(1))[:-60])


def test_bytes_of_a_picture_are_kept_and_those_of_a_raster_stretched() -> None:
    pixels = valid_everywhere(BYTES[:1])
    assert rgb_array(pixels)[..., 1].tolist() == BYTES[0].tolist()
    stretched = rgb_array(pixels, is_picture=False)
    assert (stretched.min(), stretched.max()) == (0, 255)
    assert stretched.shape == (3, 4, 3)


def test_a_raster_of_all_levels_is_kept() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    assert np.array_equal(rgb_array(valid_everywhere(values), is_picture=False)[..., 2], values[0])


def test_invalid_pixels_are_black_and_do_not_affect_the_stretch() -> None:
    values = np.tile(np.arange(1000, 2000, dtype=np.uint16), (3, 1, 1)).reshape(3, 10, 100)
    values[:, 0, 0] = 65535
    valid = np.ones((10, 100), bool)
    valid[0, 0] = False
    rgb = rgb_array((values, valid))
    assert rgb[0, 0].tolist() == [0, 0, 0]
    assert rgb[5, 0, 0] in range(120, 136)


def test_pixels_that_are_all_invalid_are_black() -> None:
    assert not rgb_array((np.full((1, 2, 2), 700, np.uint16), np.zeros((2, 2), bool))).any()
