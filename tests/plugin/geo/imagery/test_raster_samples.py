"""The samples of a provider are those of its file: unscaled, masked, and averaged when they are shrunk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, osr
from qgis.core import QgsRasterDataProvider, QgsRasterLayer, QgsRasterRange
from qgis.PyQt import sip

from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.geo.imagery.raster_file import FileAddress, FileSource
from rsgpt_plugin.geo.imagery.raster_samples import ProviderSource, open_source
from rsgpt_plugin.shared.rasters.bands import BandChoice, BandMeaning
from rsgpt_plugin.shared.rasters.tiles import Window
from tests.plugin.rasters import NORTH_UP, ROTATED, OddRaster, pattern, truncate, write

RGB, GRAY = BandChoice((1, 2, 3)), BandChoice((1,))
# GDAL has a type for signed bytes since 3.7.
SIGNED = (gdal.GDT_Int8,) if hasattr(gdal, "GDT_Int8") else (gdal.GDT_Byte, ["PIXELTYPE=SIGNEDBYTE"])
WHOLE = Window(0, 0, 96, 64)
SIZE = (96, 64)

pytestmark = pytest.mark.usefixtures("qgis_app")


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., QgsRasterLayer]:
    """Return a function that writes a raster and opens it as a layer."""

    def make(
        values: np.ndarray, odd: OddRaster | None = None, scale: float = 1.0, offset: float = 0.0
    ) -> QgsRasterLayer:
        path = str(write(tmp_path / "a.tif", values, odd))
        dataset = gdal.Open(path, gdal.GA_Update)
        for number in range(1, len(values) + 1):
            dataset.GetRasterBand(number).SetScale(scale)
            dataset.GetRasterBand(number).SetOffset(offset)
        del dataset
        layer = QgsRasterLayer(path, "a")
        assert layer.isValid()
        return layer

    return make


def both(layer: QgsRasterLayer) -> tuple[FileSource, ProviderSource]:
    """Return the source of the file, and that of its provider."""
    provider = cloned(layer)
    file = open_source(provider, FileAddress(layer.source()))
    assert isinstance(file, FileSource)
    return file, ProviderSource(provider)


def cloned(layer: QgsRasterLayer) -> QgsRasterDataProvider:
    """Return a copy of the layer's provider that Python owns."""
    provider = layer.dataProvider().clone()
    sip.transferback(provider)
    return provider


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "float32", "float64"])
@pytest.mark.parametrize("window", [WHOLE, Window(5, 9, 31, 17), Window(95, 63, 1, 1)])
def test_the_provider_returns_the_samples_of_the_file(
    load: Callable[..., QgsRasterLayer], kind: str, window: Window
) -> None:
    values = pattern(3, 64, 96, kind)
    file, provider = both(load(values))
    expected = values[:, window.y : window.y + window.height, window.x : window.x + window.width]
    for source in (file, provider):
        read, valid = source.read(RGB, window, (window.width, window.height))
        assert read.dtype == values.dtype
        assert np.array_equal(read, expected)
        assert valid.all()
    assert provider.frame == file.frame
    assert provider.meanings == file.meanings


def test_signed_bytes_of_a_file_are_signed(tmp_path: Path) -> None:
    path = str(tmp_path / "a.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(path, 4, 1, 1, *SIGNED)
    dataset.SetGeoTransform(NORTH_UP)
    dataset.GetRasterBand(1).WriteRaster(0, 0, 4, 1, bytes([0, 127, 128, 255]))
    del dataset
    file, _ = both(QgsRasterLayer(path, "a"))
    read, _ = file.read(GRAY, Window(0, 0, 4, 1), (4, 1))
    assert read.tolist() == [[[0, 127, -128, -1]]]


@pytest.mark.parametrize(("scale", "offset"), [(0.01, 0.0), (2.0, -50.0), (1.0, 7.0), (1e-4, -0.1)])
@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "float32"])
def test_samples_are_those_before_scale_and_offset(
    load: Callable[..., QgsRasterLayer], kind: str, scale: float, offset: float
) -> None:
    values = pattern(3, 64, 96, kind)
    file, provider = both(load(values, None, scale, offset))
    assert np.array_equal(file.read(RGB, WHOLE, SIZE)[0], values)
    assert np.allclose(provider.read(RGB, WHOLE, SIZE)[0], values, rtol=1e-5, atol=1e-3)  # QGIS scales in 32 bits


def test_a_scaled_no_data_value_is_masked(load: Callable[..., QgsRasterLayer]) -> None:
    values = pattern(1, 64, 96, "int16")
    values[0, 3, 4] = -9999
    for source in both(load(values, OddRaster(nodata=-9999), 0.01, 5.0)):
        assert np.argwhere(~source.read(GRAY, WHOLE, SIZE)[1]).tolist() == [[3, 4]]


def test_no_data_is_masked_in_both(load: Callable[..., QgsRasterLayer]) -> None:
    values = pattern(3, 64, 96, "float32")
    values[0, 3, 4], values[1, 5, 6], values[2, 7, 8] = -1.0, np.nan, np.inf
    for source in both(load(values, OddRaster(nodata=-1.0))):
        assert np.argwhere(~source.read(RGB, WHOLE, SIZE)[1]).tolist() == [[3, 4], [5, 6], [7, 8]]


def test_a_switched_off_no_data_value_is_data_in_both(load: Callable[..., QgsRasterLayer]) -> None:
    values = pattern(1, 64, 96, "int16")
    values[0, 3, 4] = -9999
    layer = load(values, OddRaster(nodata=-9999))
    layer.dataProvider().setUseSourceNoDataValue(1, False)
    for source in both(layer):
        assert source.read(GRAY, WHOLE, SIZE)[1].all()


def test_no_data_of_the_layer_is_masked_in_both(load: Callable[..., QgsRasterLayer]) -> None:
    values = np.full((1, 64, 96), 100, np.uint16)
    values[0, 0, :5] = 1, 2, 3, 4, 200
    layer = load(values)
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(2, 3), QgsRasterRange(200, 200)])
    for source in both(layer):
        assert np.argwhere(~source.read(GRAY, WHOLE, SIZE)[1]).tolist() == [[0, 1], [0, 2], [0, 4]]


def test_no_data_of_the_layer_is_in_scaled_values(load: Callable[..., QgsRasterLayer]) -> None:
    values = np.full((1, 64, 96), 100, np.uint16)
    values[0, 0, :2] = 40, 60
    layer = load(values, None, 0.5, -20.0)
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(0, 0)])
    for source in both(layer):
        assert np.argwhere(~source.read(GRAY, WHOLE, SIZE)[1]).tolist() == [[0, 0]]


def test_a_transparent_pixel_is_hidden_in_both(load: Callable[..., QgsRasterLayer]) -> None:
    values = pattern(4, 64, 96)
    values[3] = 255
    values[3, 5, 6] = 0
    colors = (gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand, gdal.GCI_AlphaBand)
    for source in both(load(values, OddRaster(meanings=colors))):
        assert source.meanings[3] is BandMeaning.ALPHA
        assert np.argwhere(~source.read(BandChoice((1, 2, 3), 4), WHOLE, SIZE)[1]).tolist() == [[5, 6]]


def test_a_large_window_is_averaged_in_both(load: Callable[..., QgsRasterLayer]) -> None:
    values = np.zeros((1, 64, 96), np.uint8)
    values[0, ::2, ::2] = 200
    for source in both(load(values)):
        read, valid = source.read(GRAY, WHOLE, (24, 16))
        assert read.shape == (1, 16, 24)
        assert np.abs(read.astype(int) - 50).max() <= 1
        assert valid.all()


def test_a_truncated_file_is_an_error_of_the_provider(tmp_path: Path) -> None:
    layer = QgsRasterLayer(str(truncate(write(tmp_path / "a.tif", pattern(1, 300, 300, "uint16")), 0.5)), "a")
    source = ProviderSource(cloned(layer))
    with pytest.raises(ImageryError, match="pixels cannot be read .*Check that the raster file is complete"):
        source.read(GRAY, Window(0, 250, 50, 50), (50, 50))


def test_complex_numbers_are_refused_by_both(tmp_path: Path) -> None:
    path = str(tmp_path / "a.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(path, 96, 64, 1, gdal.GDT_CFloat32)
    dataset.SetGeoTransform(NORTH_UP)
    dataset.FlushCache()
    for source in both(QgsRasterLayer(path, "a")):
        with pytest.raises(ImageryError, match="not real numbers"):
            source.read(GRAY, WHOLE, SIZE)


def test_a_rotated_raster_is_read_from_its_file(load: Callable[..., QgsRasterLayer]) -> None:
    layer = load(pattern(1, 64, 96), OddRaster(ROTATED))
    assert isinstance(open_source(cloned(layer), FileAddress(layer.source())), FileSource)


def test_a_layer_without_a_file_is_read_from_its_provider(load: Callable[..., QgsRasterLayer]) -> None:
    layer = load(pattern(1, 64, 96))
    assert isinstance(open_source(cloned(layer), FileAddress("")), ProviderSource)


def test_control_points_are_read_from_the_provider(tmp_path: Path) -> None:
    path, values = str(tmp_path / "a.tif"), pattern(1, 64, 96)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32611)
    dataset = gdal.GetDriverByName("GTiff").Create(path, 96, 64, 1, gdal.GDT_Byte)
    corners = [gdal.GCP(500000 + x / 2, 4000000 - y / 2, 0, x, y) for x, y in ((0, 0), (96, 0), (96, 64), (0, 64))]
    dataset.SetGCPs(corners, reference.ExportToWkt())
    dataset.GetRasterBand(1).WriteArray(values[0])
    del dataset
    source = open_source(cloned(QgsRasterLayer(path, "a")), FileAddress(path))
    assert isinstance(source, ProviderSource)
    assert source.frame.geotransform == pytest.approx(NORTH_UP, abs=0.01)
    read, valid = source.read(GRAY, WHOLE, SIZE)
    assert np.array_equal(read, values)
    assert valid.all()
