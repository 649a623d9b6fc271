"""Map tiles have the positions of Web Mercator and show the raster's own pixels if the grids agree."""

from __future__ import annotations

import io
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image
from pyproj import Transformer

from benchmarks.tile_server import CRS, SIDE, MapTile, tile_png, tiles_of

TILE = MapTile(18, 149_237, 76_267)


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    """A raster of noise on the grid of TILE."""
    pixels = np.random.default_rng(1).integers(0, 256, (3, SIDE, SIDE), dtype=np.uint8)
    place = Affine.translation(*TILE.corner) @ Affine.scale(TILE.pixel, -TILE.pixel)
    shape = {"width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8"}
    with rasterio.open(tmp_path / "a.tif", "w", crs=CRS, transform=place, **shape) as dataset:
        dataset.write(pixels)
    return tmp_path / "a.tif"


def shown(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def test_tile_positions() -> None:
    to_degrees = Transformer.from_crs(CRS, 4326, always_xy=True)
    assert to_degrees.transform(*MapTile(0, 0, 0).corner) == pytest.approx((-180, 85.0511287798))
    assert to_degrees.transform(*MapTile(1, 1, 1).corner) == pytest.approx((0, 0))
    # Helsinki Cathedral, computed with the published formula
    x, y = to_degrees.transform(24.9523, 60.1704, direction="INVERSE")
    (west, north), (east, south) = MapTile(14, 9327, 4742).corner, MapTile(14, 9328, 4743).corner
    assert west < x < east
    assert south < y < north


@pytest.mark.parametrize(
    ("path", "tile"),
    [
        ("/18/3/6.png", MapTile(18, 3, 6)),
        ("/18/3.png", None),
        ("/18/3/../6.png", None),
        ("/18/-3/6.png", None),
        ("/", None),
    ],
)
def test_an_address_names_a_tile_or_none(path: str, tile: MapTile | None) -> None:
    assert MapTile.of(path) == tile


def test_on_the_same_grid_a_tile_is_the_rasters_own_pixels(raster: Path) -> None:
    picture = shown(tile_png(raster, TILE))
    with rasterio.open(raster) as dataset:
        assert np.array_equal(picture[..., :3], dataset.read().transpose(1, 2, 0))
    assert (picture[..., 3] == 255).all()


def test_a_tile_is_transparent_outside_the_raster(raster: Path) -> None:
    assert not shown(tile_png(raster, MapTile(TILE.zoom, TILE.column + 1, TILE.row)))[..., 3].any()
    whole = shown(tile_png(raster, MapTile(TILE.zoom - 1, TILE.column // 2, TILE.row // 2)))
    assert 0 < (whole[..., 3] == 255).mean() < 0.3


def test_only_tiles_are_served(raster: Path) -> None:
    with tiles_of(raster) as address:
        url = address.format(z=TILE.zoom, x=TILE.column, y=TILE.row)
        with urllib.request.urlopen(url) as reply:
            assert reply.headers["Content-Type"] == "image/png"
            assert reply.read() == tile_png(raster, TILE)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(url.replace(".png", "/a.png"))
