"""The mosaic holds each picture at its position in the truth, all different, on any grid."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely

from benchmarks.mosaic import MosaicShape, make, varied
from rsgpt_backend.batch.tile_pictures import TileReader, TilingOptions, make_plan
from rsgpt_backend.data.annotations import CaptionRecord, read_captions
from rsgpt_backend.data.image_files import ImageSource, open_image
from tests.backend.toy import picture

TILE = 32


@pytest.fixture
def images(tmp_path: Path) -> ImageSource:
    (tmp_path / "images").mkdir()
    for number in range(4):
        picture(number, (TILE, TILE)).save(tmp_path / "images" / f"{number}.png")
    return ImageSource(tmp_path / "images")


RECORDS = [CaptionRecord(f"{number}.png", (f"Caption {number}.", "Another."), f"scene{number}") for number in range(4)]


@pytest.mark.parametrize(
    "shape", [MosaicShape(3, TILE), MosaicShape(3, TILE, 2), MosaicShape(3, TILE, crs="EPSG:2193", angle=30)]
)
def test_every_tile_is_the_picture_that_the_truth_names(
    images: ImageSource, tmp_path: Path, shape: MosaicShape
) -> None:
    make(tmp_path / "a.tif", RECORDS, images, shape, tmp_path / "tiles")
    plan = make_plan(str(tmp_path / "a.tif"), TilingOptions(shape.grid.size))
    meta, table = pyogrio.read_arrow(tmp_path / "a.truth.gpkg")
    truth = table.to_pylist()
    records = read_captions(tmp_path / "a.truth.json")
    assert meta["crs"] == shape.crs
    assert len(truth) == len(records) == len(plan.tiles) == 9
    hashes = set()
    with TileReader(plan) as reader:
        for tile, row, record in zip(plan.tiles, truth, records, strict=True):
            shown = reader.picture(tile).rgb
            assert np.array_equal(shown, np.asarray(open_image(tmp_path / "tiles" / record.filename)))
            original = np.asarray(images.open(row["source"]))
            once = varied(original, tile)
            assert np.array_equal(shown, once.repeat(shape.zoom, axis=0).repeat(shape.zoom, axis=1))
            assert (row["filename"], json.loads(row["captions"])) == (record.filename, list(record.captions))
            assert np.abs(once.astype(int) - original).max() <= 7
            hashes.add(hashlib.sha256(shown.tobytes()).hexdigest())
    assert len(hashes) == 9
    lies = plan.frame.polygons([plan.grid.window(tile) for tile in plan.tiles])
    assert shapely.equals_exact(lies, shapely.from_wkb(table[meta["geometry_name"]]), 1e-6).all()


def test_the_mosaic_is_a_cog(images: ImageSource, tmp_path: Path) -> None:
    make(tmp_path / "a.tif", RECORDS, images, MosaicShape(40, TILE))
    with rasterio.open(tmp_path / "a.tif") as mosaic:
        assert mosaic.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert mosaic.overviews(1)
    assert sorted(path.name for path in tmp_path.glob("a.*")) == ["a.tif", "a.truth.gpkg", "a.truth.json"]
