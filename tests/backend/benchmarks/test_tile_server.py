"""Map tiles lie where Web Mercator has them, and show a raster's own pixels where the grids agree."""

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
    """A tile's worth of noise on the grid of TILE."""
    pixels = np.random.default_rng(1).integers(0, 256, (3, SIDE, SIDE), dtype=np.uint8)
    place = Affine.translation(*TILE.corner) @ Affine.scale(TILE.pixel, -TILE.pixel)
    shape = {"width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8"}
    with rasterio.open(tmp_path / "a.tif", "w", crs=CRS, transform=place, **shape) as dataset:
        dataset.write(pixels)
    return tmp_path / "a.tif"


def shown(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def test_tiles_lie_where_the_scheme_has_them() -> None:
    to_degrees = Transformer.from_crs(CRS, 4326, always_xy=True)
    assert to_degrees.transform(*MapTile(0, 0, 0).corner) == pytest.approx((-180, 85.0511287798))
    assert to_degrees.transform(*MapTile(1, 1, 1).corner) == pytest.approx((0, 0))
    # Helsinki's cathedral, by the scheme's published formula
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


def test_beside_the_raster_a_tile_is_transparent(raster: Path) -> None:
    assert not shown(tile_png(raster, MapTile(TILE.zoom, TILE.column + 1, TILE.row)))[..., 3].any()
    whole = shown(tile_png(raster, MapTile(TILE.zoom - 1, TILE.column // 2, TILE.row // 2)))
    assert 0 < (whole[..., 3] == 255).mean() < 0.3


def test_tiles_come_over_http_and_nothing_else_does(raster: Path) -> None:
    with tiles_of(raster) as address:
        url = address.format(z=TILE.zoom, x=TILE.column, y=TILE.row)
        with urllib.request.urlopen(url) as reply:
            assert reply.headers["Content-Type"] == "image/png"
            assert reply.read() == tile_png(raster, TILE)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(url.replace(".png", "/a.png"))
