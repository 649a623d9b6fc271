"""A folder of rasters as pictures to search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import processing
import pytest
from qgis.core import QgsFeedback, QgsGeometry, QgsProcessingException, QgsProject

from rsgpt_plugin.errors import Cancelled, ImageryError
from rsgpt_plugin.processing.searching import search_algorithm
from rsgpt_plugin.processing.searching.folder_tiles import FolderTiles, RasterFolder
from tests.plugin.processing.conftest import numbered, rows_of
from tests.plugin.rasters import write

from .conftest import MODEL, SearchingModel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two rasters in the same place, with pictures 0 and 1, and 10 and 11; and a file that is none."""
    rasters = tmp_path / "rasters"
    (rasters / "more").mkdir(parents=True)
    write(rasters / "a.tif", numbered(1, 2))
    write(rasters / "more" / "b.tif", numbered(1, 2) + 10)
    (rasters / "broken.tif").write_bytes(b"no raster")
    return rasters


@pytest.fixture
def model(searching: SearchingModel, provider: Any, settings: None, monkeypatch: pytest.MonkeyPatch) -> SearchingModel:
    """The scripted model, chosen in the options."""
    monkeypatch.setattr(search_algorithm, "chosen_model", lambda typed="": MODEL)
    return searching


def tiles_of(folder: Path, feedback: QgsFeedback | None = None) -> FolderTiles:
    context = QgsProject.instance().transformContext()
    return RasterFolder(folder, context).tiles(32, feedback or QgsFeedback())


def test_tiles_of_all_rasters(folder: Path) -> None:
    tiles = tiles_of(folder)
    assert len(tiles) == 5
    assert [Path(tiles.source(number).raster).name for number in (0, 1, 3, 4)] == ["a.tif", "a.tif", "b.tif", "b.tif"]
    with pytest.raises(ImageryError, match="cannot be read"):
        tiles.picture(2)
    first, other = tiles.picture(0), tiles.picture(4)
    assert first is not None
    assert other is not None
    assert first.sha256 != other.sha256
    again = tiles.reopened(QgsFeedback())
    tiles.close()
    example = again.picture_of(tiles.geometry(0))
    again.close()
    assert example is not None
    assert example.sha256 == first.sha256
    with pytest.raises(ImageryError, match="on no raster"):
        again.picture_of(QgsGeometry.fromWkt("Polygon((0 0, 1 0, 1 1, 0 0))"))


def test_no_rasters_and_cancel(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageryError, match="contains no"):
        tiles_of(tmp_path / "empty")
    feedback = QgsFeedback()
    feedback.cancel()
    with pytest.raises(Cancelled):
        tiles_of(folder, feedback)


def test_the_algorithm_searches_a_folder(folder: Path, model: SearchingModel) -> None:
    values = {"FOLDER": str(folder), "TILE_SIZE": 32, "OUTPUT": "TEMPORARY_OUTPUT"}
    result = processing.run("rsgpt:search", {**values, "QUERY": "11"})
    rows = rows_of(result["OUTPUT"])
    assert (result["SEARCHED"], result["FAILED"]) == (4, 1)
    assert Path(rows[0]["raster"]).name == "b.tif"
    assert sorted(model.asked) == [0, 1, 10, 11]
    crs = result["OUTPUT"].crs()
    box = tiles_of(folder).geometry(1).boundingBox()
    extent = f"{box.xMinimum()},{box.xMaximum()},{box.yMinimum()},{box.yMaximum()} [{crs.authid()}]"
    like = rows_of(processing.run("rsgpt:search", {**values, "LIKE": extent})["OUTPUT"])
    assert Path(like[0]["raster"]).name == "a.tif"
    assert like[0].geometry().boundingBox() == box
    assert len(model.asked) == 4


@pytest.mark.parametrize(
    ("more", "message"), [({"INPUT": "a.tif"}, "either a layer"), ({"EXTENT": "0,1,0,1"}, "An extent limits")]
)
def test_a_folder_with_a_layer_or_an_extent_is_refused(
    folder: Path, model: SearchingModel, more: dict[str, str], message: str
) -> None:
    with pytest.raises(QgsProcessingException, match=message):
        processing.run("rsgpt:search", {"FOLDER": str(folder), "QUERY": "1", "OUTPUT": "TEMPORARY_OUTPUT", **more})
