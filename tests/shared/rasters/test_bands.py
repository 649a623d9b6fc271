"""Which bands a picture is made of, and which one hides."""

from __future__ import annotations

import pytest

from rsgpt_plugin.shared.errors import ImageError
from rsgpt_plugin.shared.rasters.bands import BandChoice, BandMeaning, choose_bands

RED, GREEN, BLUE, ALPHA, OTHER = (
    BandMeaning.RED,
    BandMeaning.GREEN,
    BandMeaning.BLUE,
    BandMeaning.ALPHA,
    BandMeaning.OTHER,
)
BGRN = [BLUE, GREEN, RED, OTHER]
RGBA = [RED, GREEN, BLUE, ALPHA]


@pytest.mark.parametrize(
    ("meanings", "expected"),
    [
        ([OTHER], BandChoice((1,))),
        ([OTHER] * 2, BandChoice((1,))),
        ([OTHER] * 5, BandChoice((1, 2, 3))),
        (BGRN, BandChoice((3, 2, 1))),
        (RGBA, BandChoice((1, 2, 3), 4)),
        ([ALPHA, RED, GREEN, BLUE], BandChoice((2, 3, 4), 1)),
        ([*RGBA, OTHER], BandChoice((1, 2, 3), 4)),
        ([OTHER, ALPHA], BandChoice((1,), 2)),
        ([OTHER, OTHER, OTHER, ALPHA], BandChoice((1, 2, 3), 4)),
    ],
)
def test_bands_are_chosen_by_meaning(meanings: list[BandMeaning], expected: BandChoice) -> None:
    assert choose_bands(meanings, ()) == expected


def test_then_by_style_then_by_order() -> None:
    assert choose_bands([OTHER] * 5, (), (4, 2, 1)).numbers == (4, 2, 1)
    assert choose_bands(BGRN, (), (4, 2, 1)).numbers == (3, 2, 1)


def test_a_style_that_shows_the_alpha_band_is_not_followed() -> None:
    assert choose_bands([OTHER] * 4 + [ALPHA], (), (5, 2, 1)) == BandChoice((1, 2, 3), 5)


def test_an_alpha_flag_on_a_colour_is_ignored() -> None:
    """As GDAL writes it by default into a TIFF of four 16-bit bands."""
    assert choose_bands([OTHER, ALPHA, OTHER, OTHER], ()) == BandChoice((1, 2, 3))


@pytest.mark.parametrize(("asked", "alpha"), [((4, 1, 2), 0), ((4,), 0), ((1, 2, 3), 4), ((1,), 4)])
def test_an_alpha_band_that_is_asked_for_does_not_hide(asked: tuple[int, ...], alpha: int) -> None:
    assert choose_bands(RGBA, asked) == BandChoice(asked, alpha)


@pytest.mark.parametrize(
    ("asked", "sentence"), [((1, 2), "one band .* or three"), ((1, 2, 9), "no band 9.*1 to 4"), ((0,), "no band 0")]
)
def test_bands_that_do_not_exist_are_refused(asked: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(ImageError, match=sentence):
        choose_bands(BGRN, asked)


def test_a_raster_of_alpha_alone_is_refused() -> None:
    with pytest.raises(ImageError, match="no band that can be shown"):
        choose_bands([ALPHA], ())


def test_two_bands_are_noted() -> None:
    assert choose_bands([OTHER] * 2, ()).note
    assert not choose_bands([OTHER, ALPHA], ()).note
    assert choose_bands(BGRN, (4, 1, 2)).describe() == "4,1,2"
