"""TIFF files become pictures by the rules for rasters, with and without rasterio, or name what is missing."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rsgpt_backend.data import tiff
from rsgpt_backend.data.tiff import is_tiff, tiff_picture, unreadable_picture
from rsgpt_backend.errors import ImageError
from tests.backend.toy import picture
from tests.contract.tiff import NORTH_UP, TiffTags, write_tiff

RAMP = np.arange(1000, 3000, 5, dtype=np.uint16).reshape(1, 20, 20)


@pytest.fixture(params=[True, False], ids=["rasterio", "pillow"])
def has_rasterio(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Run a test with rasterio, and as if it were not installed."""
    if not request.param:
        monkeypatch.setattr(tiff, "find_spec", lambda _: None)
    return bool(request.param)


@pytest.fixture
def without_rasterio(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test as if rasterio were not installed."""
    monkeypatch.setattr(tiff, "find_spec", lambda _: None)


def encoded(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", **options)
    return buffer.getvalue()


def array(data: bytes, path: str = "") -> np.ndarray:
    return np.asarray(tiff_picture(data, "a.tif", path))


@pytest.mark.parametrize("head", [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"])
def test_a_tiff_is_known_by_its_first_bytes(head: bytes) -> None:
    assert is_tiff(head + b"more")
    assert is_tiff(head)


@pytest.mark.parametrize("data", [b"", b"II*", b"II\0*", b"MM*\0", b"\x89PNG", b" II*\0"])
def test_other_data_is_not_a_tiff(data: bytes) -> None:
    assert not is_tiff(data)


def test_the_error_for_data_that_is_no_picture_names_it_and_its_cause() -> None:
    error = unreadable_picture("a.x", ValueError("strange"))
    assert str(error) == "a.x is not a readable PNG, JPEG or TIFF (strange). Convert it to one of these."


@pytest.mark.usefixtures("has_rasterio")
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "P", "1"])
def test_plain_pictures_are_kept_as_they_are(mode: str) -> None:
    image = picture(1).convert(mode)
    assert tiff_picture(encoded(image), "a.tif").tobytes() == image.convert("RGB").tobytes()


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.usefixtures("has_rasterio")
def test_the_orientation_of_a_tiff_without_a_position_is_applied(orientation: int, deep: bool) -> None:
    values = np.arange(20 * 30, dtype=np.uint16).reshape(20, 30) * np.uint16(90)
    image = Image.fromarray(values if deep else (values // 256).astype(np.uint8))
    upright, stored = (tiff_picture(encoded_as(image, number), "a") for number in (1, orientation))
    expected = {1: upright, 3: upright.rotate(180), 6: upright.transpose(Image.Transpose.ROTATE_270)}[orientation]
    assert np.array_equal(np.asarray(stored), np.asarray(expected))


def encoded_as(image: Image.Image, orientation: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", tiffinfo={274: orientation})
    return buffer.getvalue()


@pytest.mark.usefixtures("has_rasterio")
@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.int32, np.float32])
def test_deep_gray_is_stretched_over_most_of_its_values(dtype: type) -> None:
    values: np.ndarray = np.tile(np.arange(1000, 2000, dtype=dtype), (10, 1))
    values[:, 0] = 32767  # a hot column
    rgb = array(encoded(Image.fromarray(values)))
    assert rgb[0, 500, 0] in range(120, 136)
    assert (rgb[..., 0] == rgb[..., 2]).all()


@pytest.mark.usefixtures("has_rasterio")
def test_deep_samples_are_stretched(tmp_path: Path) -> None:
    rgb = array(write_tiff(tmp_path / "a.tif", RAMP, TiffTags()).read_bytes())
    assert (rgb[..., 0] == rgb[..., 2]).all()
    assert (rgb[0, 0, 0], rgb[-1, -1, 0]) == (0, 255)
    assert rgb[10, 0, 0] in range(124, 132)


@pytest.mark.usefixtures("has_rasterio")
def test_bytes_are_stretched_in_a_raster_and_kept_in_a_picture(tmp_path: Path) -> None:
    dark = np.arange(10, 30, dtype=np.uint8).repeat(20).reshape(1, 20, 20)
    raster = array(write_tiff(tmp_path / "a.tif", dark, TiffTags()).read_bytes())
    assert (raster.min(), raster.max()) == (0, 255)
    assert array(encoded(Image.fromarray(dark[0])))[..., 0].tolist() == dark[0].tolist()


@pytest.mark.usefixtures("has_rasterio")
def test_no_data_is_black(tmp_path: Path) -> None:
    values = RAMP.copy()
    values[0, :5] = 7
    rgb = array(write_tiff(tmp_path / "a.tif", values, TiffTags(no_data="7")).read_bytes())
    assert not rgb[:5].any()
    assert rgb[12, 10, 0] in range(120, 136)


def test_a_mask_in_the_file_is_used(tmp_path: Path) -> None:
    mask = np.ones((20, 20), bool)
    mask[:, :4] = False
    rgb = array(write_tiff(tmp_path / "a.tif", RAMP, TiffTags(mask=mask)).read_bytes())
    assert not rgb[:, :4].any()
    assert rgb[19, 4:].all()


@pytest.mark.usefixtures("has_rasterio")
def test_a_page_that_is_marked_as_a_mask_is_used() -> None:
    shown = np.full((20, 20), 255, np.uint8)
    shown[:, :4] = 0
    page: Any = Image.fromarray(shown)
    page.encoderinfo = {"tiffinfo": {254: 4}}
    rgb = array(encoded(Image.fromarray(RAMP[0]), save_all=True, append_images=[page]))
    assert not rgb[:, :4].any()
    assert rgb[19, 4:].all()


@pytest.mark.usefixtures("has_rasterio")
def test_deep_samples_without_a_position_are_shown_as_they_are_stored() -> None:
    rgb = array(encoded(Image.fromarray(RAMP[0])))
    assert (rgb[0, 0, 0], rgb[-1, -1, 0]) == (0, 255)
    assert (rgb[0, :, 0] < rgb[10, :, 0]).all()


@pytest.mark.usefixtures("has_rasterio")
def test_a_rotated_raster_is_turned_upright(tmp_path: Path) -> None:
    upright = array(write_tiff(tmp_path / "a.tif", RAMP, TiffTags()).read_bytes())
    turned = np.rot90(RAMP, 2, (1, 2))
    x, size, _, y, _, down = NORTH_UP
    tags = TiffTags((x + 20 * size, -size, 0.0, y + 20 * down, 0.0, -down))
    assert np.array_equal(array(write_tiff(tmp_path / "b.tif", turned, tags).read_bytes()), upright)


@pytest.mark.usefixtures("has_rasterio")
def test_a_raster_without_a_valid_pixel_is_refused(tmp_path: Path) -> None:
    data = write_tiff(tmp_path / "a.tif", np.full((1, 4, 4), 7, np.uint16), TiffTags(no_data="7")).read_bytes()
    with pytest.raises(ImageError, match=r"^a\.tif has no valid pixel\. Check its no-data value and its mask\.$"):
        tiff_picture(data, "a.tif")


def test_a_mask_beside_the_file_is_used_if_its_path_is_known(tmp_path: Path) -> None:
    mask = np.ones((20, 20), bool)
    mask[:, :4] = False
    path = write_tiff(tmp_path / "a.tif", RAMP, TiffTags(mask_beside=mask))
    assert not array(path.read_bytes(), str(path))[:, :4].any()
    assert array(path.read_bytes())[19, :4].all()


@pytest.mark.usefixtures("without_rasterio")
def test_a_mask_beside_the_file_requires_rasterio(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", RAMP, TiffTags(mask_beside=np.ones((20, 20), bool)))
    with pytest.raises(ImageError, match=r"without the package rasterio \(there is a mask file\)\. Run .*batch"):
        array(path.read_bytes(), str(path))


@pytest.mark.usefixtures("without_rasterio")
@pytest.mark.parametrize(
    ("values", "tags"),
    [
        (np.zeros((3, 4, 4), np.uint16), TiffTags(is_rgb=True)),
        (np.zeros((2, 4, 4), np.float64), TiffTags()),
        (np.zeros((1, 4, 4), np.uint8), TiffTags(mask=np.ones((4, 4), bool))),
    ],
    ids=["deep color", "two bands", "a mask"],
)
def test_what_pillow_cannot_read_as_it_is_requires_rasterio(tmp_path: Path, values: np.ndarray, tags: TiffTags) -> None:
    data = write_tiff(tmp_path / "a.tif", values, tags).read_bytes()
    with pytest.raises(ImageError, match=r"^a\.tif cannot be read without the package rasterio \(.*Run .*batch"):
        tiff_picture(data, "a.tif")


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
def test_damaged_data_is_refused_with_the_name_of_the_file() -> None:
    with pytest.raises(ImageError, match=r"^a\.tif is not a readable PNG, JPEG or TIFF \(.*a\.tif.*Convert it"):
        tiff_picture(b"II*\0" + b"\xff" * 40, "a.tif")


def test_a_raster_of_too_many_pixels_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 150)
    path = write_tiff(tmp_path / "a.tif", RAMP, TiffTags())
    with pytest.raises(ImageError, match="more than 300 pixels; use `rsgpt batch`"):
        tiff_picture(path.read_bytes(), "a.tif", str(path))
