"""Where a picture has the colors that a question names, such as "the red car" or "the pale patch"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float64]
Box = tuple[float, float, float, float]

# Typical colors of each name in aerial pictures: lightness, green to red, and blue to yellow of CIELAB.
_TYPICAL: dict[str, tuple[tuple[int, int, int], ...]] = {
    "red": ((45, 45, 28), (35, 32, 18), (55, 30, 20), (53, 75, 60)),
    "orange": ((62, 32, 48), (55, 22, 35)),
    "yellow": ((80, 0, 55), (75, -2, 40), (95, -18, 90)),
    "green": ((45, -28, 25), (35, -14, 14), (55, -18, 24), (28, -8, 8), (75, -70, 65)),
    "turquoise": ((65, -25, -8), (55, -18, -5)),
    "blue": ((40, 5, -40), (55, -5, -30), (30, 0, -20), (65, -4, -18), (35, 50, -85), (32, 79, -108)),
    "purple": ((40, 35, -30), (55, 85, -55)),
    "pink": ((72, 22, 4), (65, 15, 5)),
    "brown": ((38, 12, 20), (48, 10, 18), (30, 8, 12)),
    "beige": ((75, 4, 16), (68, 5, 14)),
    "white": ((97, 0, 0), (90, 0, 0), (83, 0, 1)),
    "gray": ((60, 0, 0), (50, 0, 0), (70, 0, 0), (40, 0, 0)),
    "black": ((5, 0, 0), (15, 0, 0), (22, 0, 0)),
}
# other words for the colors and for "dark" and "light", which are about the lightness
_WORDS: dict[str, str] = {
    "bluish": "blue",
    "bright": "light",
    "cream": "beige",
    "darker": "dark",
    "golden": "yellow",
    "grey": "gray",
    "leafy": "green",
    "lighter": "light",
    "ochre": "orange",
    "olive": "green",
    "pale": "light",
    "purplish": "purple",
    "reddish": "red",
    "rusty": "orange",
    "sandy": "beige",
    "silver": "gray",
    "tan": "beige",
    "teal": "turquoise",
    "violet": "purple",
    "whitish": "white",
}
_SURFACES = frozenset(("roofed", "colored", "coloured", "painted", "tiled", "hulled", "topped", "walled", "and"))
_SPREAD = 14.0  # standard deviation, in CIELAB, of the colors that have a name
_LIGHTNESS_WEIGHT = 0.5  # of its squared distance, because light and shadow change it
_MIDDLE_LIGHTNESS = 50.0  # between dark and light tones of a color
_TONE_SPREAD, _LIGHTNESS_SPREAD = 12.0, 5.0  # of the lightness around the limit between dark and light
_SIDE = 192  # pixels to which a picture is reduced
_WINDOW = 1 / 8  # of the longer side, over which a fit is averaged
_EXTREMES = (20, 80)  # percentiles of the lightness below and above which a place is dark or light
_MIDDLE = 0.5  # part of the sides of a box that surely shows the object
_MIDDLE_SIDE = 16  # pixels to which the middle of a box is reduced
_SRGB_TO_XYZ = np.array([[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]])
_WHITE = np.array([0.9505, 1.0, 1.089])


def color_of(word: str) -> str | None:
    """Return the color that a word names, "dark" or "light" for a lightness, or None."""
    name = _WORDS.get(word, word).removesuffix("ish")
    name = _WORDS.get(name, name)  # as in "greyish"
    return name if name in (*_TYPICAL, "dark", "light") else None


def colors_of(adjectives: Iterable[str]) -> tuple[str, ...]:
    """Return the colors in adjectives such as "red", "white-roofed" and "bluish-gray"."""
    return tuple(dict.fromkeys(color for adjective in adjectives for color in _colors_in(adjective)))


def _colors_in(adjective: str) -> list[str]:
    """Return the colors of one adjective; none if a part of it is neither a color nor about a surface ("non-red")."""
    parts = [part for part in adjective.split("-") if part not in _SURFACES]
    colors = [color_of(part) for part in parts]
    return [color for color in colors if color] if all(colors) else []


class PictureColors:
    """The colors of one picture."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        scale = min(1.0, _SIDE / max(image.size))
        width, height = (max(1, round(side * scale)) for side in image.size)
        self._reduced = _lab(_pixels(image, (width, height)))
        self._extremes = np.percentile(self._reduced[..., 0], _EXTREMES)

    def map(self, colors: Sequence[str]) -> Array:
        """Return the share of the colors around each place, 0 to 1, [rows, columns] of even cells."""
        return _smoothed(self._fit(colors))

    def highest(self, colors: Sequence[str]) -> float:
        """Return how well the best place has the colors, 0 to 1."""
        return float(self._fit(colors).max())

    def _fit(self, colors: Sequence[str]) -> Array:
        shares, named = _shares(self._reduced), _columns(colors)
        fit = shares[..., named].max(-1) if named else np.ones(shares.shape[:-1])
        return np.asarray(fit * _lightness_fit(self._reduced[..., 0], colors, *self._extremes))

    def inside(self, box: Box, colors: Sequence[str]) -> float:
        """Return how well the middle of a box has the colors, 1 if none fits better.

        box: x, y, width, height in pixels.
        """
        x, y, width, height = box
        left, right = _middle(x, width, self._image.width)
        top, bottom = _middle(y, height, self._image.height)
        size = (min(right - left, _MIDDLE_SIDE), min(bottom - top, _MIDDLE_SIDE))
        pixels = _pixels(self._image, size, (left, top, right, bottom)).reshape(-1, 3)
        typical = np.median(_lab(pixels), axis=0)
        shares, named = _shares(typical), _columns(colors)
        fit = shares[named].max() / shares.max() if named and shares.max() > 0 else float(not named)
        return float(fit * _lightness_fit(typical[0], colors, *self._extremes))


def _middle(start: float, length: float, side: int) -> tuple[int, int]:
    """Return the first pixel of the middle of a span and the one after its last, at least one inside the picture."""
    first = min(max(int(start + (1 - _MIDDLE) / 2 * length), 0), side - 1)
    return first, min(max(first + 1, round(start + (1 + _MIDDLE) / 2 * length)), side)


def _pixels(
    image: Image.Image, size: tuple[int, int], box: tuple[int, int, int, int] | None = None
) -> NDArray[np.uint8]:
    """Return a picture, or a box of it, resized to a width and height: uint8 [height, width, 3]."""
    part = image.crop(box) if box else image
    return np.asarray(part.convert("RGB").resize(size, Image.Resampling.BOX))


def _lightness_fit(lightness: Array, colors: Sequence[str], dark: float, light: float) -> Array:
    """Return how dark or light a lightness is, 0 to 1, if the colors contain "dark" or "light"; otherwise 1.

    Without another color, it is compared with the limits of the picture: dark is below the limit `dark`, light above
    the limit `light`. With another color, dark and light tones are separated by a fixed lightness.
    """
    is_tone = any(color in _TYPICAL for color in colors)
    spread = _TONE_SPREAD if is_tone else _LIGHTNESS_SPREAD
    fit = np.ones(np.shape(lightness))
    for color, limit, side in (("dark", dark, -1), ("light", light, 1)):
        if color in colors:
            fit = fit / (1 + np.exp(-side * (lightness - (_MIDDLE_LIGHTNESS if is_tone else limit)) / spread))
    return fit


def _columns(colors: Sequence[str]) -> list[int]:
    """Return where `_shares` has the colors, without "dark" and "light"."""
    return [[*_TYPICAL].index(color) for color in colors if color in _TYPICAL]


def _shares(lab: Array) -> Array:
    """Return how well each name fits each color, with a sum of at most 1: [..., 3] -> [..., names]."""
    weights = np.array([_LIGHTNESS_WEIGHT, 1.0, 1.0])
    distances = [
        np.min([((lab - np.array(color)) ** 2 * weights).sum(-1) for color in colors], axis=0)
        for colors in _TYPICAL.values()
    ]
    nearness = np.exp(-np.stack(distances, axis=-1) / (2 * _SPREAD**2))
    return np.asarray(nearness / (nearness.sum(-1, keepdims=True) + 1e-6))


def _lab(rgb: NDArray[np.uint8]) -> Array:
    """Return the CIELAB values, for D65, of sRGB bytes: [..., 3] -> [..., 3]."""
    values = rgb.astype(np.float64) / 255
    linear = np.where(values > 0.04045, ((values + 0.055) / 1.055) ** 2.4, values / 12.92)
    xyz = linear @ _SRGB_TO_XYZ / _WHITE
    roots = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = np.moveaxis(roots, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _smoothed(values: Array) -> Array:
    """Return the means over square surroundings, inside the picture."""
    radius = max(1, round(max(values.shape) * _WINDOW / 2))
    for axis in (0, 1):
        length = values.shape[axis]
        sums = np.concatenate([np.zeros_like(values.take([0], axis)), values.cumsum(axis)], axis)
        ends = np.minimum(np.arange(length) + radius + 1, length)
        starts = np.maximum(np.arange(length) - radius, 0)
        counts = (ends - starts).reshape((-1, 1) if axis == 0 else (1, -1))
        values = (sums.take(ends, axis) - sums.take(starts, axis)) / counts
    return values
