"""Which bands a picture is made of."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from osgeo import gdal

from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.geo.bands import BandChoice, choose_bands, is_paletted
from rsgpt_plugin.geo.snapshot import LayerSnapshot
from tests.plugin.rasters import Odd, pattern

BGRN = (gdal.GCI_BlueBand, gdal.GCI_GreenBand, gdal.GCI_RedBand, gdal.GCI_Undefined)


def chosen(snapshot: LayerSnapshot, renderer: tuple[int, ...] = (), asked: tuple[int, ...] = ()) -> tuple[int, ...]:
    return choose_bands(snapshot.provider, renderer, asked).numbers


def test_colour_meaning_comes_first(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    assert chosen(make_snapshot(pattern(4, 8, 8), Odd(meanings=BGRN)), (4, 2, 1)) == (3, 2, 1)


def test_then_the_style_then_the_order(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    snapshot = make_snapshot(pattern(5, 8, 8, "uint16"))
    assert chosen(snapshot, (4, 2, 1)) == (4, 2, 1)
    assert chosen(snapshot) == (1, 2, 3)


def test_asked_bands_win(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    snapshot = make_snapshot(pattern(4, 8, 8), Odd(meanings=BGRN))
    assert chosen(snapshot, (), (4, 3, 2)) == (4, 3, 2)
    assert chosen(snapshot, (), (4,)) == (4,)


@pytest.mark.parametrize(("asked", "sentence"), [((1, 2), "one band .* or three"), ((1, 2, 9), "no band 9.*1 to 4")])
def test_bands_that_cannot_be_are_refused(
    make_snapshot: Callable[..., LayerSnapshot], asked: tuple[int, ...], sentence: str
) -> None:
    with pytest.raises(ImageryError, match=sentence):
        chosen(make_snapshot(pattern(4, 8, 8)), (), asked)


def test_grey_with_alpha_is_one_band(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    snapshot = make_snapshot(pattern(2, 8, 8), Odd(meanings=(gdal.GCI_GrayIndex, gdal.GCI_AlphaBand)))
    assert choose_bands(snapshot.provider, (), ()) == BandChoice((1,), 2)


def test_a_palette_is_seen(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    assert is_paletted(make_snapshot(pattern(1, 8, 8), Odd(palette=True)).provider)
    assert not is_paletted(make_snapshot(pattern(1, 8, 8)).provider)
