"""The known picture is the first scene of the demo raster; a damaged demo is an error that says what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from rsgpt_plugin.core.paths import plugin_root
from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.geo.imagery.known_picture import known_picture

DEMO = plugin_root() / "resources" / "demo"


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A copy of the demo folder."""
    folder = tmp_path / "demo"
    folder.mkdir()
    for name in ("scenes.tif", "truth.json"):
        shutil.copy(DEMO / name, folder)
    return folder


def test_the_known_picture_is_the_first_scene() -> None:
    known = known_picture()
    (first,) = [
        tile for tile in json.loads((DEMO / "truth.json").read_text("utf-8")) if tile["row"] == tile["column"] == 0
    ]
    assert known.scene == first["scene"] == "harbor"
    pixels = gdal.Open(str(DEMO / "scenes.tif")).ReadAsArray(0, 0, 256, 256)
    assert np.array_equal(known.picture.rgb, pixels.transpose(1, 2, 0)[..., :3])


def test_the_known_picture_can_be_sent_to_a_model() -> None:
    picture = known_picture().picture
    assert picture.rgb.dtype == np.uint8
    assert picture.rgb.shape == (256, 256, 3)
    assert picture.valid.all()
    assert picture.rgb.std() > 20  # it shows something
    assert picture.png.startswith(b"\x89PNG")
    assert picture.sha256 == known_picture().picture.sha256


def test_another_folder_has_another_scene(demo: Path) -> None:
    (demo / "truth.json").write_text(
        '[{"row": 1, "column": 0, "scene": "lake"}, {"row": 0, "column": 0, "scene": "城"}]'
    )
    assert known_picture(demo).scene == "城"


@pytest.mark.parametrize("text", ["", "[]", "{", '[{"row": 0}]', '[{"row": 0, "column": 1, "scene": "lake"}]', "[1"])
def test_a_damaged_list_of_scenes_is_an_error(demo: Path, text: str) -> None:
    (demo / "truth.json").write_text(text)
    with pytest.raises(ImageryError, match="demo raster cannot be read .*Install the plugin again"):
        known_picture(demo)


@pytest.mark.parametrize("name", ["scenes.tif", "truth.json"])
def test_a_missing_file_is_an_error(demo: Path, name: str) -> None:
    (demo / name).unlink()
    with pytest.raises(ImageryError, match="demo raster cannot be read .*Install the plugin again"):
        known_picture(demo)


def test_a_file_that_is_not_a_raster_is_an_error(demo: Path) -> None:
    (demo / "scenes.tif").write_bytes(b"no raster")
    with pytest.raises(ImageryError, match="Install the plugin again"):
        known_picture(demo)


def test_a_raster_that_is_too_small_is_an_error(demo: Path) -> None:
    gdal.GetDriverByName("GTiff").Create(str(demo / "scenes.tif"), 16, 16, 3, gdal.GDT_Byte).FlushCache()
    with pytest.raises(ImageryError, match="Install the plugin again"):
        known_picture(demo)
