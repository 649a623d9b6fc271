"""Samples of a file are exact, upright, and masked by its no-data rules; what cannot be read is an error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, osr

from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.geo.imagery.raster_file import (
    FileAddress,
    FileSource,
    NoData,
    open_file,
    read_error,
    unsupported_values,
)
from rsgpt_plugin.shared.rasters.bands import BandChoice, BandMeaning
from rsgpt_plugin.shared.rasters.tiles import Window
from tests.plugin.rasters import NORTH_UP, ROTATED, OddRaster, pattern, truncate, write

RGB, GRAY = BandChoice((1, 2, 3)), BandChoice((1,))
WHOLE = Window(0, 0, 96, 64)
SIZE = (96, 64)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., FileSource]:
    """Return a function that writes a raster and opens it."""

    def opened(values: np.ndarray, odd: OddRaster | None = None, no_data: NoData | None = None) -> FileSource:
        address = FileAddress(str(write(tmp_path / "a.tif", values, odd)))
        source = open_file(address, no_data or NoData(), len(values))
        assert source is not None
        return source

    return opened


def change(path: Path, edit: Callable[[gdal.Dataset], object]) -> FileSource:
    """Change a file with GDAL and open it again."""
    dataset = gdal.Open(str(path), gdal.GA_Update)
    edit(dataset)
    dataset.FlushCache()
    source = open_file(FileAddress(str(path)), NoData(), dataset.RasterCount)
    assert source is not None
    return source


def hidden(source: FileSource, bands: BandChoice = GRAY) -> list[list[int]]:
    """Return row and column of the pixels without data."""
    positions: list[list[int]] = np.argwhere(~source.read(bands, WHOLE, SIZE)[1]).tolist()
    return positions


def test_a_window_holds_the_stored_samples(make: Callable[..., FileSource]) -> None:
    values = np.random.default_rng(3).integers(0, 60_000, (3, 64, 96), dtype=np.uint16)
    read, valid = make(values).read(BandChoice((3, 1, 2)), Window(7, 11, 20, 30), (20, 30))
    assert read.dtype == np.uint16
    assert np.array_equal(read, values[[2, 0, 1], 11:41, 7:27])
    assert valid.all()


def test_a_smaller_size_is_the_average(make: Callable[..., FileSource]) -> None:
    values = np.zeros((1, 64, 96), np.uint8)
    values[0, ::2] = 100
    read, valid = make(values).read(GRAY, WHOLE, (48, 32))
    assert read.shape == (1, 32, 48)
    assert np.unique(read).tolist() == [50]
    assert valid.shape == (32, 48)


# The geotransforms of a file that is stored from the south, from the east, and with columns from north to south.
SOUTH_UP = (500000.0, 0.5, 0.0, 3999968.0, 0.0, 0.5)
EAST_LEFT = (500048.0, -0.5, 0.0, 4000000.0, 0.0, -0.5)
TURNED = (500000.0, 0.0, 0.5, 4000000.0, -0.5, 0.0)


@pytest.mark.parametrize(
    ("geotransform", "turn"),
    [
        (NORTH_UP, lambda stored: stored),
        (SOUTH_UP, lambda stored: stored[:, ::-1]),
        (EAST_LEFT, lambda stored: stored[:, :, ::-1]),
        (TURNED, lambda stored: stored.swapaxes(1, 2)),
    ],
    ids=["north up", "south up", "east left", "turned"],
)
def test_pictures_are_upright(
    make: Callable[..., FileSource], geotransform: tuple[float, ...], turn: Callable[[np.ndarray], np.ndarray]
) -> None:
    values = pattern(3, 64, 96)
    source = make(values, OddRaster(geotransform))
    upright = turn(values)
    assert (source.frame.height, source.frame.width) == upright.shape[1:]
    assert source.frame.geotransform == (500000.0, 0.5, 0.0, 4000000.0, 0.0, -0.5)
    window = Window(5, 10, 30, 20)
    read, valid = source.read(RGB, window, (30, 20))
    assert np.array_equal(read, upright[:, 10:30, 5:35])
    assert valid.shape == (20, 30)


def test_a_rotated_file_keeps_its_grid(make: Callable[..., FileSource]) -> None:
    source = make(pattern(1, 64, 96), OddRaster(ROTATED))
    assert source.frame.geotransform == pytest.approx(ROTATED)


def test_meanings_are_the_color_interpretations(make: Callable[..., FileSource]) -> None:
    colors = (gdal.GCI_BlueBand, gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_AlphaBand)
    source = make(pattern(4, 8, 8), OddRaster(meanings=colors))
    assert source.meanings == [BandMeaning.BLUE, BandMeaning.RED, BandMeaning.GREEN, BandMeaning.ALPHA]
    assert make(pattern(1, 8, 8), OddRaster(palette=True)).meanings == [BandMeaning.PALETTE]
    assert make(pattern(2, 8, 8)).meanings == [BandMeaning.OTHER] * 2


@pytest.mark.parametrize(("kind", "no_data"), [("int16", -9999.0), ("float32", -9999.0), ("uint16", 65535.0)])
def test_the_no_data_value_of_the_file_is_masked(make: Callable[..., FileSource], kind: str, no_data: float) -> None:
    values = pattern(1, 64, 96, kind)
    values[0, 3, 4] = no_data
    assert hidden(make(values, OddRaster(nodata=no_data))) == [[3, 4]]


def test_a_no_data_value_that_is_switched_off_is_data(make: Callable[..., FileSource]) -> None:
    values = pattern(1, 64, 96, "int16")
    values[0, 3, 4] = -9999
    assert hidden(make(values, OddRaster(nodata=-9999), NoData(frozenset({1})))) == []
    assert hidden(make(values, OddRaster(nodata=-9999), NoData(frozenset({2})))) == [[3, 4]]


def test_a_range_of_no_data_includes_its_limits(make: Callable[..., FileSource]) -> None:
    values = np.full((1, 64, 96), 100, np.uint16)
    values[0, 0, :4] = 9, 10, 20, 21
    assert hidden(make(values, None, NoData(ranges={1: [(10.0, 20.0)]}))) == [[0, 1], [0, 2]]
    assert hidden(make(values, None, NoData(ranges={1: [(9.0, 9.0), (21.0, 30.0)]}))) == [[0, 0], [0, 3]]
    assert hidden(make(values, None, NoData(ranges={2: [(0.0, 1e9)]}))) == []


def test_ranges_are_in_scaled_values(make: Callable[..., FileSource], tmp_path: Path) -> None:
    values = np.full((1, 64, 96), 100, np.uint16)
    values[0, 0, :2] = 40, 60
    make(values)

    def scale(dataset: gdal.Dataset) -> None:
        dataset.GetRasterBand(1).SetScale(0.5)
        dataset.GetRasterBand(1).SetOffset(-20.0)

    change(tmp_path / "a.tif", scale)
    source = open_file(FileAddress(str(tmp_path / "a.tif")), NoData(ranges={1: [(0.0, 0.0)]}), 1)
    assert source is not None
    assert hidden(source) == [[0, 0]]
    assert source.read(GRAY, WHOLE, SIZE)[0][0, 0, :3].tolist() == [40, 60, 100]


def test_a_pixel_of_several_bands_lacks_data_if_one_band_does(make: Callable[..., FileSource]) -> None:
    values = pattern(3, 64, 96, "int16")
    values[1, 3, 4] = -9999
    assert hidden(make(values, OddRaster(nodata=-9999)), RGB) == [[3, 4]]
    assert hidden(make(values, OddRaster(nodata=-9999)), BandChoice((1,))) == []


def test_a_mask_of_the_file_hides_pixels(make: Callable[..., FileSource], tmp_path: Path) -> None:
    make(pattern(3, 64, 96))
    mask = np.full((64, 96), 255, np.uint8)
    mask[5, 6] = 0

    def add_mask(dataset: gdal.Dataset) -> None:
        dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
        dataset.GetRasterBand(1).GetMaskBand().WriteArray(mask)

    assert hidden(change(tmp_path / "a.tif", add_mask), RGB) == [[5, 6]]


def test_an_alpha_band_hides_transparent_pixels(make: Callable[..., FileSource]) -> None:
    values = pattern(4, 64, 96)
    values[3] = 255
    values[3, 5, 6], values[3, 5, 7] = 0, 1
    colors = (gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand, gdal.GCI_AlphaBand)
    source = make(values, OddRaster(meanings=colors))
    assert hidden(source, BandChoice((1, 2, 3), 4)) == [[5, 6]]
    assert hidden(source, BandChoice((1, 2, 3))) == []


def test_complex_numbers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "complex.tif"
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), 96, 64, 1, gdal.GDT_CFloat32)
    dataset.SetGeoTransform(NORTH_UP)
    dataset.FlushCache()
    source = open_file(FileAddress(str(path)), NoData(), 1)
    assert source is not None
    with pytest.raises(ImageryError, match="not real numbers.*Choose another raster"):
        source.read(GRAY, WHOLE, SIZE)


def test_a_truncated_file_is_an_error_each_time(tmp_path: Path) -> None:
    path = truncate(write(tmp_path / "a.tif", pattern(1, 300, 300, "uint16")), 0.5)
    source = open_file(FileAddress(str(path)), NoData(), 1)
    assert source is not None
    for _ in range(2):
        with pytest.raises(ImageryError, match="pixels cannot be read .*Check that the raster file is complete"):
            source.read(GRAY, Window(0, 250, 50, 50), (50, 50))
    assert source.read(GRAY, Window(0, 0, 50, 50), (50, 50))[1].all()


def test_a_missing_part_of_a_mosaic_is_an_error_in_its_place_only(tmp_path: Path) -> None:
    for number in range(2):
        odd = OddRaster((500000.0 + 48 * number, 0.5, 0.0, 4000000.0, 0.0, -0.5))
        write(tmp_path / f"{number}.tif", pattern(1, 64, 96), odd)
    vrt = tmp_path / "a.vrt"
    gdal.BuildVRT(str(vrt), [str(tmp_path / f"{number}.tif") for number in range(2)])
    (tmp_path / "1.tif").unlink()
    source = open_file(FileAddress(str(vrt)), NoData(), 1)
    assert source is not None
    assert source.read(GRAY, WHOLE, SIZE)[1].all()
    for _ in range(2):
        with pytest.raises(ImageryError, match=r"part of the mosaic is missing: .*1\.tif"):
            source.read(GRAY, Window(96, 0, 96, 64), SIZE)


def test_a_file_that_gdal_cannot_open_has_no_source(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_text("no raster")
    for address in (FileAddress(str(tmp_path / "a.tif")), FileAddress(str(tmp_path / "missing.tif")), FileAddress("")):
        assert open_file(address, NoData(), 1) is None
    assert FileAddress(str(tmp_path / "missing.tif")).open() is None
    assert FileAddress(str(tmp_path / "missing.tif")).has_grid() is None


def test_open_options_reach_gdal(tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.tif", pattern(1, 64, 96)))
    gdal.Open(path, gdal.GA_Update).BuildOverviews("AVERAGE", [2])
    dataset = FileAddress(path, ("OVERVIEW_LEVEL=0",)).open()
    assert dataset is not None
    assert (dataset.RasterXSize, dataset.RasterYSize) == (48, 32)


@pytest.mark.parametrize(("bands", "is_opened"), [(2, False), (3, True), (4, True), (5, False)])
def test_the_layer_has_the_bands_of_the_file_and_possibly_a_mask(tmp_path: Path, bands: int, is_opened: bool) -> None:
    address = FileAddress(str(write(tmp_path / "a.tif", pattern(3, 8, 8))))
    assert (open_file(address, NoData(), bands) is not None) == is_opened


def plain(path: Path) -> gdal.Dataset:
    """Return a new raster without a position."""
    return gdal.GetDriverByName("GTiff").Create(str(path), 96, 64, 1, gdal.GDT_Byte)


def test_control_points_are_a_position_but_not_a_grid(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32611)
    corners = [gdal.GCP(500000 + x / 2, 4000000 - y / 2, 0, x, y) for x, y in ((0, 0), (96, 0), (96, 64), (0, 64))]
    dataset = plain(path)
    dataset.SetGCPs(corners, reference.ExportToWkt())
    del dataset
    assert FileAddress(str(path)).has_grid() is True
    assert open_file(FileAddress(str(path)), NoData(), 1) is None


def test_a_raster_without_a_position_has_no_grid(tmp_path: Path) -> None:
    plain(tmp_path / "a.tif").FlushCache()
    assert FileAddress(str(tmp_path / "a.tif")).has_grid() is False
    assert open_file(FileAddress(str(tmp_path / "a.tif")), NoData(), 1) is None


def test_a_raster_with_a_grid_has_one(tmp_path: Path) -> None:
    assert FileAddress(str(write(tmp_path / "a.tif", pattern(1, 8, 8)))).has_grid() is True


@pytest.mark.parametrize(("cause", "shown"), [(" no tile \n", "(no tile)"), ("", "(?)")])
def test_the_errors_have_a_cause_and_advice(cause: str, shown: str) -> None:
    assert shown in str(read_error(cause))
    assert "Choose another raster" in str(unsupported_values())
