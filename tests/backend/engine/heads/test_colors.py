"""Names of colors, and where a picture has them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from rsgpt_backend.engine.heads.colors import PictureColors, colors_of

BACKGROUND = (75, 95, 60)
NAMED = {
    "red": (190, 30, 35),
    "orange": (235, 130, 30),
    "yellow": (240, 215, 60),
    "green": (60, 130, 50),
    "turquoise": (60, 180, 175),
    "blue": (40, 90, 190),
    "purple": (110, 60, 150),
    "pink": (235, 160, 175),
    "brown": (110, 75, 45),
    "beige": (215, 195, 160),
    "white": (245, 245, 243),
    "black": (18, 18, 20),
    "gray": (150, 150, 150),
}


def picture(color: tuple[int, int, int], box: tuple[int, int, int, int] = (20, 130, 60, 170)) -> Image.Image:
    """Return a picture like grass of 400 x 200 pixels with a colored rectangle."""
    image = Image.new("RGB", (400, 200), BACKGROUND)
    ImageDraw.Draw(image).rectangle(box, color)
    return image


@pytest.mark.parametrize(
    ("adjectives", "colors"),
    [
        (["large", "red"], ("red",)),
        (["white-roofed"], ("white",)),
        (["bluish-gray"], ("blue", "gray")),
        (["reddish"], ("red",)),
        (["grey"], ("gray",)),
        (["brown", "green"], ("brown", "green")),
        (["pale"], ("light",)),
        (["dark", "dark"], ("dark",)),
        (["parish", "bare", ""], ()),
        (["non-red", "light-duty", "green-belt"], ()),
        (["red-and-white"], ("red", "white")),
        ([], ()),
    ],
)
def test_colors_of(adjectives: list[str], colors: tuple[str, ...]) -> None:
    assert colors_of(adjectives) == colors


@pytest.mark.parametrize("name", NAMED)
def test_the_place_with_a_color_fits_best(name: str) -> None:
    fit = PictureColors(picture(NAMED[name])).map([name])
    assert fit.shape == (96, 192)
    row, column = np.unravel_index(fit.argmax(), fit.shape)
    assert 130 / 200 <= row / 96 <= 170 / 200
    assert 20 / 400 <= column / 192 <= 60 / 400
    assert 0 <= fit.min() <= fit.max() <= 1


@pytest.mark.parametrize("name", NAMED)
def test_the_color_of_a_box(name: str) -> None:
    colors = PictureColors(picture(NAMED[name]))
    fits = {other: colors.inside((20, 130, 40, 40), [other]) for other in NAMED}
    assert max(fits, key=fits.__getitem__) == name
    assert fits[name] > 0.9
    assert name == "green" or colors.inside((200, 20, 40, 40), [name]) < 0.5


@pytest.mark.parametrize(
    ("color", "name"),
    [
        ((255, 0, 0), "red"),
        ((0, 0, 255), "blue"),
        ((20, 40, 220), "blue"),
        ((0, 200, 0), "green"),
    ],
)
def test_saturated_colors(color: tuple[int, int, int], name: str) -> None:
    colors = PictureColors(picture(color))
    fits = {other: colors.inside((20, 130, 40, 40), [other]) for other in NAMED}
    assert max(fits, key=fits.__getitem__) == name
    assert colors.highest([name]) > 0.5


def test_a_picture_without_a_color() -> None:
    asphalt = PictureColors(Image.new("RGB", (300, 300), (110, 112, 115)))
    assert asphalt.highest(["red"]) < 0.1
    assert PictureColors(picture(NAMED["red"])).highest(["red"]) > 0.5


@pytest.mark.parametrize(("word", "color"), [("dark", (40, 42, 40)), ("light", (220, 222, 219))])
def test_lightness_is_relative_to_the_picture(word: str, color: tuple[int, int, int]) -> None:
    colors = PictureColors(picture(color, (300, 10, 390, 100)))
    row, column = np.unravel_index(colors.map([word]).argmax(), (96, 192))
    assert row / 96 < 0.5
    assert column / 192 > 0.7
    assert colors.inside((310, 20, 60, 60), [word]) > 0.9


def test_dark_and_light_tones_of_a_color() -> None:
    image = picture((30, 70, 30))
    ImageDraw.Draw(image).rectangle((300, 130, 340, 170), (150, 190, 130))
    colors = PictureColors(image)
    for word, left in (("dark", True), ("light", False)):
        fit = colors.map([word, "green"])
        assert (np.unravel_index(fit.argmax(), fit.shape)[1] < 96) == left


@pytest.mark.parametrize("box", [(-10.0, -10.0, 8.0, 8.0), (399.5, 199.5, 0.2, 0.2), (20.0, 130.0, 0.0, 0.0)])
def test_boxes_at_the_edge_and_without_a_size(box: tuple[float, float, float, float]) -> None:
    assert 0 <= PictureColors(picture(NAMED["red"])).inside(box, ["red"]) <= 1


@pytest.mark.parametrize(("mode", "size"), [("L", (1, 1)), ("P", (3, 500)), ("RGBA", (7, 5))])
def test_odd_pictures(mode: str, size: tuple[int, int]) -> None:
    fit = PictureColors(Image.new(mode, size)).map(["red", "dark"])
    assert np.isfinite(fit).all()
