"""Plans of searched rasters: windows beyond the edge are filled, the mask selects windows and points."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from rsgpt_backend.batch.objects.search_plan import make_search
from rsgpt_backend.batch.tile_pictures import TileReader
from rsgpt_backend.errors import ImageError
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from tests.backend.batch.objects.dots import OPTIONS, dotted
from tests.backend.batch.rasters import NORTH_UP, OddGeoTiff, write

FILL = (1, 2, 3)


def mask_of(folder: Path, left: float, top: float, right: float, bottom: float) -> str:
    """Write a mask around pixels of a raster at NORTH_UP."""
    corners = [NORTH_UP[0] + left / 2, NORTH_UP[3] - bottom / 2, NORTH_UP[0] + right / 2, NORTH_UP[3] - top / 2]
    path, box = folder / "mask.gpkg", shapely.to_wkb(np.array([shapely.box(*corners)]))
    pyogrio.raw.write(path, box, [], np.array([]), geometry_type="Polygon", crs="EPSG:32611", driver="GPKG")
    return str(path)


def test_pixels_without_data_and_beyond_the_edge_have_the_fill_color(tmp_path: Path) -> None:
    values = dotted(300, 200)
    values[:, :50, :60] = 0
    path = write(tmp_path / "a.tif", values, OddGeoTiff(nodata=0))
    search = make_search(str(path), replace(OPTIONS, fill=FILL))
    with TileReader(search.plan) as reader:
        for number in search.plan.tiles:
            window, rgb = search.grid.window(number), reader.picture(number).rgb
            assert rgb.shape == (window.height, window.width, 3)
            expected = np.full_like(rgb, FILL)
            inside = window.clipped(search.plan.frame)
            part = values[:, inside.y : inside.y + inside.height, inside.x : inside.x + inside.width]
            shown = np.where((part == 0).all(axis=0)[..., None], FILL, part.transpose(1, 2, 0))
            y, x = inside.y - window.y, inside.x - window.x
            expected[y : y + inside.height, x : x + inside.width] = shown
            assert np.array_equal(rgb, expected)


def test_a_fine_raster_is_read_at_the_scale_of_the_finder(tmp_path: Path) -> None:
    fine = OddGeoTiff((500000.0, 0.02, 0.0, 4000000.0, 0.0, -0.02))
    search = make_search(str(write(tmp_path / "a.tif", dotted(1500, 1300), fine)), replace(OPTIONS, fill=FILL))
    assert search.grid.window(0).width == pytest.approx(480 * 0.05 / 0.02, rel=0.01)
    with TileReader(search.plan) as reader:
        assert {reader.picture(number).rgb.shape for number in search.plan.tiles} == {(1024, 1024, 3)}


def test_a_mask_selects_windows_and_points(tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.tif", dotted(2000, 1500)))
    whole = make_search(path, OPTIONS)
    part = make_search(path, replace(OPTIONS, mask=mask_of(tmp_path, 100, 100, 200, 300)))
    assert 0 < len(part.plan.tiles) < len(whole.plan.tiles) / 2
    points = [FoundPoint(x, 150, 0.9, (0, 0, 1, 1)) for x in (99, 101, 199, 201)]
    assert part.inside_mask(points).tolist() == [False, True, True, False]
    assert whole.inside_mask(points).tolist() == [True] * 4
    assert part.plan.key == whole.plan.key


def test_a_mask_elsewhere_is_refused(tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.tif", dotted(300, 200)))
    with pytest.raises(ImageError, match="does not overlap"):
        make_search(path, replace(OPTIONS, mask=mask_of(tmp_path, 5000, 5000, 5100, 5100)))
