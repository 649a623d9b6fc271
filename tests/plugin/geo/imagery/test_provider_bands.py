"""Color interpretation of provider bands."""

from __future__ import annotations

from collections.abc import Callable

from osgeo import gdal

from rsgpt_plugin.geo.imagery.layer_snapshot import LayerSnapshot
from rsgpt_plugin.geo.imagery.provider_bands import is_paletted, meanings
from rsgpt_plugin.shared.rasters.bands import BandMeaning
from tests.plugin.rasters import OddRaster, pattern

BGRN = (gdal.GCI_BlueBand, gdal.GCI_GreenBand, gdal.GCI_RedBand, gdal.GCI_Undefined)


def test_the_meaning_of_a_band_is_its_color_interpretation(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    band_meanings = meanings(make_snapshot(pattern(4, 8, 8), OddRaster(meanings=BGRN)).provider)
    assert band_meanings == [BandMeaning.BLUE, BandMeaning.GREEN, BandMeaning.RED, BandMeaning.OTHER]


def test_a_gray_band_with_alpha_is_other_and_alpha(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    snapshot = make_snapshot(pattern(2, 8, 8), OddRaster(meanings=(gdal.GCI_GrayIndex, gdal.GCI_AlphaBand)))
    assert meanings(snapshot.provider) == [BandMeaning.OTHER, BandMeaning.ALPHA]


def test_is_paletted_detects_a_palette(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    assert is_paletted(make_snapshot(pattern(1, 8, 8), OddRaster(palette=True)).provider)
    assert not is_paletted(make_snapshot(pattern(1, 8, 8)).provider)
