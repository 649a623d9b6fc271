"""Pictures of any size are searched: resized, in windows, padded, and the points are in their own pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from rsgpt_backend.errors import EngineError, ModelError
from rsgpt_backend.model.config import FinderConfig
from rsgpt_backend.model.heads.finder.network import FinderMaps
from rsgpt_backend.model.heads.finder.search import (
    finder_of,
    padding_color,
    region_maps,
    search,
    search_scale,
    search_window,
    to_input,
    windows,
)
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from tests.backend.toy import picture


class BrightCells(nn.Module):
    """A finder of the first label that finds each cell whose middle pixel is white, as an object of `side` pixels.

    It finds nothing in a picture that is larger than `largest_input`.
    """

    def __init__(self, config: FinderConfig, side: float = 8.0, largest_input: float = math.inf) -> None:
        super().__init__()
        self.config, self.side, self.largest_input = config, side, largest_input
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, grids: Sequence[Tensor]) -> FinderMaps:
        pixels = grids[0][:, :1]
        middle = self.config.stride // 2
        cells = pixels[..., middle :: self.config.stride, middle :: self.config.stride].float() / 255
        shape = (len(cells), 2, *cells.shape[-2:])
        centers = torch.full((len(cells), len(self.config.labels), *cells.shape[-2:]), -9.0)
        centers[:, :1] = torch.where(cells > 0.9, 3.0, -9.0) if max(pixels.shape) <= self.largest_input else -9.0
        return FinderMaps(centers, torch.full(shape, math.log(self.side)), torch.full(shape, 0.5), cells * 20 - 10)


@pytest.fixture
def bright(finding_toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> Rsgpt:
    """A model with a finder of white cells, which gets the pixels instead of the encoder's grids."""
    assert finding_toy.config.finder is not None
    model, finder = copy(finding_toy), BrightCells(finding_toy.config.finder)
    model.__dict__["_modules"] = {**model._modules, "finder": finder}  # not in the model that other tests use
    monkeypatch.setattr(model, "encode_grids", lambda pixels: [pixels])
    return model


def dotted(size: tuple[int, int], *dots: tuple[int, int]) -> Image.Image:
    """Return a black picture with white squares of 4 pixels at these places."""
    image = Image.new("RGB", size)
    for x, y in dots:
        image.paste("white", (x, y, x + 4, y + 4))
    return image


def found(model: Rsgpt, image: Image.Image, gsd_m: float | None = None) -> list[tuple[float, float]]:
    points = search(model, image, gsd_m)
    assert points["car"] == []
    return sorted((round(point.x, 3), round(point.y, 3)) for point in points["airplane"])


def test_points_are_in_the_picture_s_own_pixels(bright: Rsgpt) -> None:
    assert found(bright, dotted((96, 64), (8, 16), (80, 40))) == [(10, 18), (82, 42)]


def test_a_small_picture_is_enlarged(bright: Rsgpt) -> None:
    points = found(bright, dotted((32, 16), (8, 4)))
    assert len(points) == 4  # twice as large, it has two cells in each direction
    assert np.mean(points, axis=0) == pytest.approx((10, 6))


def test_a_large_picture_is_searched_in_windows_at_its_own_scale(bright: Rsgpt) -> None:
    dots = [(0, 0), (120, 60), (128, 8), (200, 40), (396, 296)]
    points = found(bright, dotted((400, 300), *dots))
    assert len(points) == len(dots)
    for point, (x, y) in zip(points, dots, strict=True):
        assert point == pytest.approx((x + 2, y + 2), abs=2)  # windows do not start at cells of the picture


def test_each_object_is_found_once_wherever_the_seams_are(bright: Rsgpt) -> None:
    dots = [(x, y) for x in range(0, 440, 20) for y in range(0, 140, 20)]
    assert len(found(bright, dotted((440, 140), *dots))) == len(dots)


@pytest.mark.parametrize(("side", "sides"), [(23.0, []), (25.0, [50.0])])
def test_large_objects_are_also_searched_at_half_the_scale(bright: Rsgpt, side: float, sides: list[float]) -> None:
    bright._modules["finder"] = BrightCells(finder_of(bright)[1], side, largest_input=64)
    image = Image.new("RGB", (96, 64))
    image.paste("white", (40, 24, 48, 32))
    points = search(bright, image)["airplane"]
    assert [point.box[2] for point in points] == pytest.approx(sides)
    assert all((point.x, point.y) == pytest.approx((44, 28)) for point in points)


@pytest.mark.parametrize("left", [0, 40, 88])
def test_an_object_that_is_found_at_both_scales_is_returned_once(bright: Rsgpt, left: int) -> None:
    bright._modules["finder"] = BrightCells(finder_of(bright)[1], 25.0)
    image = Image.new("RGB", (96, 64))
    image.paste("white", (left, 24, left + 8, 32))
    (point,) = search(bright, image)["airplane"]
    assert (point.x, point.y) == pytest.approx((left + 4, 28), abs=3)


def test_nothing_is_found_in_the_padding(bright: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    vision = replace(bright.config.vision, mean=(1.0, 1.0, 1.0))
    monkeypatch.setattr(bright, "config", replace(bright.config, vision=vision))
    assert found(bright, Image.new("RGB", (70, 40))) == []


def test_a_very_fine_picture_is_reduced(bright: Rsgpt) -> None:
    image = Image.new("RGB", (320, 240))
    image.paste("white", (80, 48, 96, 64))
    assert len(found(bright, image)) > 1
    ((x, y),) = found(bright, image, gsd_m=0.0125)
    assert (x, y) == pytest.approx((88, 56), abs=2)


@pytest.mark.parametrize(
    ("size", "gsd_m", "scale"),
    [
        ((400, 180), None, 1.0),
        ((128, 64), None, 3.0),
        ((5000, 10), None, 1.0),
        ((4000, 10), 0.01, 0.2),
        ((1000, 10), 0.01, 0.384),
        ((1000, 10), 3.0, 1.0),
    ],
)
def test_scale(size: tuple[int, int], gsd_m: float | None, scale: float) -> None:
    assert search_scale(size, FinderConfig(), gsd_m) == pytest.approx(scale)


@pytest.mark.parametrize("size", [(10, 10), (128, 128), (129, 128), (1000, 333), (3000, 129)])
def test_windows_cover_the_picture_and_their_cores_share_no_pixel(size: tuple[int, int]) -> None:
    parts = list(windows(size, 128))
    assert all(part.width <= 128 and part.left + part.width <= size[0] for part in parts)
    assert all(part.height <= 128 and part.top + part.height <= size[1] for part in parts)
    points = [FoundPoint(x + 0.5, y + 0.5, 1, (0, 0, 1, 1)) for x in range(0, size[0], 7) for y in (0, size[1] - 1)]
    for point in points:
        owners = [part for part in parts if part.has_in_core(point)]
        assert len(owners) == 1
        assert owners[0].left <= point.x <= owners[0].left + owners[0].width
        assert owners[0].top <= point.y <= owners[0].top + owners[0].height


def test_input_is_padded_with_the_mean() -> None:
    pixels = to_input(Image.new("RGB", (40, 20), "red"), (0.5, 0.0, 1.0))
    assert pixels.shape == (1, 3, 32, 64)
    assert pixels[0, :, 19, 39].tolist() == [255, 0, 0]
    assert pixels[0, :, 19, 40].tolist() == pixels[0, :, 20, 0].tolist() == list(padding_color((0.5, 0.0, 1.0)))
    assert padding_color((-3.0, 0.5, 9.0)) == (0, 128, 255)


def test_regions_cover_the_picture(bright: Rsgpt) -> None:
    image = Image.new("RGB", (300, 120))
    image.paste("white", (0, 0, 150, 120))
    (water,) = region_maps(bright, image)
    assert water.shape == (13, 32)  # 51 x 128 pixels in cells of 4
    assert water[:, :15].min() > 0.9
    assert water[:, 17:].max() < 0.1


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (700, 3), (64, 64)])
def test_pictures_of_odd_shapes(finding_toy: Rsgpt, size: tuple[int, int]) -> None:
    points = search(finding_toy, picture(1, size), thresholds=(0.001, 0.001))
    for point in points["airplane"]:
        x, y, width, height = point.box
        assert 0 <= point.x < size[0]
        assert 0 <= point.y < size[1]
        assert x >= 0
        assert y >= 0
        assert x + width <= size[0] + 1e-6
        assert y + height <= size[1] + 1e-6
    assert region_maps(finding_toy, picture(1, size)).isfinite().all()


def test_a_model_without_a_finder_says_so(toy: Rsgpt) -> None:
    with pytest.raises(ModelError, match="toy has no finder"):
        finder_of(toy)


@pytest.mark.parametrize("side", [96, 128, 200])
def test_a_window_is_searched_at_the_largest_input_of_the_finder(bright: Rsgpt, side: int) -> None:
    image = Image.new("RGB", (side, side))
    image.paste("white", (side // 2, side // 4, side // 2 + 8, side // 4 + 8))
    points = search_window(bright, image)
    assert points["car"] == []
    assert points["airplane"]
    assert all(side / 2 - 4 <= point.x <= side / 2 + 12 for point in points["airplane"])
    assert all(side / 4 - 4 <= point.y <= side / 4 + 12 for point in points["airplane"])
    assert points["airplane"][0].box[2] == pytest.approx(8 * side / 128, rel=0.01)


def test_a_very_long_picture_is_reduced(finding_toy: Rsgpt) -> None:
    calls: list[int] = []
    search(finding_toy, Image.new("RGB", (40_000, 2)), on_window=lambda: calls.append(1))
    config = finder_of(finding_toy)[1]
    assert 1 < len(calls) <= 2 * 8192 / config.max_side


def test_maps_that_are_not_finite_are_an_error(finding_toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    grids = [grid * torch.nan for grid in finding_toy.encode_grids(torch.zeros(1, 3, 64, 64, dtype=torch.uint8))]
    monkeypatch.setattr(finding_toy, "encode_grids", lambda _: grids)
    with pytest.raises(EngineError, match="NaN or infinity"):
        search(finding_toy, picture(1))
