"""Choice of the bands of a picture and of its alpha band."""

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


def test_bands_are_chosen_by_meaning_then_style_then_order() -> None:
    assert choose_bands([OTHER] * 5, (), (4, 2, 1)).numbers == (4, 2, 1)
    assert choose_bands(BGRN, (), (4, 2, 1)).numbers == (3, 2, 1)


def test_a_style_that_shows_the_alpha_band_is_not_followed() -> None:
    assert choose_bands([OTHER] * 4 + [ALPHA], (), (5, 2, 1)) == BandChoice((1, 2, 3), 5)


def test_an_alpha_flag_on_a_color_band_is_ignored() -> None:
    """GDAL writes the flag like this by default into a TIFF with four 16-bit bands."""
    assert choose_bands([OTHER, ALPHA, OTHER, OTHER], ()) == BandChoice((1, 2, 3))


@pytest.mark.parametrize(("requested", "alpha"), [((4, 1, 2), 0), ((4,), 0), ((1, 2, 3), 4), ((1,), 4)])
def test_a_requested_alpha_band_is_not_a_mask(requested: tuple[int, ...], alpha: int) -> None:
    assert choose_bands(RGBA, requested) == BandChoice(requested, alpha)


@pytest.mark.parametrize(
    ("requested", "message"), [((1, 2), "one band .* or three"), ((1, 2, 9), "no band 9.*1 to 4"), ((0,), "no band 0")]
)
def test_missing_bands_are_refused(requested: tuple[int, ...], message: str) -> None:
    with pytest.raises(ImageError, match=message):
        choose_bands(BGRN, requested)


def test_a_raster_with_only_alpha_is_refused() -> None:
    with pytest.raises(ImageError, match="no band that can be shown"):
        choose_bands([ALPHA], ())


def test_two_bands_give_a_note() -> None:
    assert choose_bands([OTHER] * 2, ()).note
    assert not choose_bands([OTHER, ALPHA], ()).note
    assert choose_bands(BGRN, (4, 1, 2)).describe() == "4,1,2"
