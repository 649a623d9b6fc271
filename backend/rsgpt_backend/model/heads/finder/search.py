"""Search of a picture of any size, at two scales: it is resized, cut into overlapping windows if large, and padded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from rsgpt_plugin.shared.objects.found_points import FoundPoint, without_duplicates

from ....errors import EngineError
from ...config import FinderConfig
from ...rsgpt import Rsgpt
from .network import Finder, FinderMaps
from .points import decode

_STRIDE = 32  # of the coarsest grid; the sides of the encoder's input are multiples of it
_LONGEST_SIDE = 8192  # pixels; larger pictures are reduced, so that a search ends
_REDUCED = 0.5  # of the scale of the first search, for a second one that finds objects too large for the first
_LARGE = 24.0  # pixels of the reduced picture, minimum longer side in the second search; the first finds smaller better
_OVERLAP = 0.25  # of a window: an object at a seam is complete in one of its windows if it is not larger


@dataclass(frozen=True)
class SearchWindow:
    """A part of a resized picture, in its pixels.

    core: left, top, right and bottom of the part of the window that no other window's core covers.
    """

    left: int
    top: int
    width: int
    height: int
    core: tuple[float, float, float, float]

    def has_in_core(self, point: FoundPoint) -> bool:
        """Whether the core contains a point of the resized picture."""
        left, top, right, bottom = self.core
        return left <= point.x < right and top <= point.y < bottom


def finder_of(model: Rsgpt) -> tuple[Finder, FinderConfig]:
    """Return the finder of a model and its config. Raises ModelError if it has none."""
    config = model.config.require_finder()
    return cast(Finder, model.finder), config


@torch.inference_mode()
def search(
    model: Rsgpt,
    image: Image.Image,
    gsd_m: float | None = None,
    thresholds: Sequence[float] = (),
    on_window: Callable[[], None] = lambda: None,
) -> dict[str, list[FoundPoint]]:
    """Return the points of all labels in a picture, likeliest first, in its own pixels.

    image: 8-bit RGB of any size; gsd_m: its meters per pixel, None if unknown; thresholds: minimum confidence by label,
    empty for the model's; on_window: called after each window, because a search of a large picture takes long.
    Raises ModelError if the model has no finder, EngineError if the finder computes NaN.
    """
    _, config = finder_of(model)
    scale = search_scale(image.size, config, gsd_m)
    found: dict[str, list[FoundPoint]] = {label: [] for label in config.labels}
    for reduction, labels, smallest in ((1.0, config.labels, 0.0), (_REDUCED, config.boxed, _LARGE)):
        resized = _resized(image, scale * reduction)
        points = _points_in(model, resized, thresholds or config.thresholds, on_window)
        for label in labels:
            large = [point for point in points[label] if max(point.box[2:]) >= smallest]
            found[label] += _placed(large, resized.size, image.size)
    return {label: [point.clipped(*image.size) for point in without_duplicates(found[label])] for label in found}


@torch.inference_mode()
def search_window(model: Rsgpt, image: Image.Image) -> dict[str, list[FoundPoint]]:
    """Return the points of all labels in a square picture, likeliest first, in its own pixels.

    The picture becomes the largest input of the finder, whatever its resolution. Raises ModelError if the model has no
    finder, EngineError if the finder computes NaN.
    """
    finder, config = finder_of(model)
    resized = _resized(image, config.max_side / max(image.size))
    (found,) = decode(_maps(model, finder, resized), config, config.thresholds)
    return {label: _placed(points, resized.size, image.size) for label, points in found.items()}


@torch.inference_mode()
def region_maps(model: Rsgpt, image: Image.Image, gsd_m: float | None = None) -> Tensor:
    """Return the probability of each region, float32 [regions, rows, columns] on the CPU, as even cells of the picture.

    A picture larger than a window is reduced to one. Raises ModelError if the model has no finder.
    """
    finder, config = finder_of(model)
    scale = min(search_scale(image.size, config, gsd_m), config.max_side / max(image.size))
    resized = _resized(image, scale)
    rows, columns = (math.ceil(side / config.stride) for side in (resized.height, resized.width))
    return _maps(model, finder, resized).regions[0, :, :rows, :columns].sigmoid()


def search_scale(size: tuple[int, int], config: FinderConfig, gsd_m: float | None = None) -> float:
    """Return the factor by which a picture is resized before the search. size: width and height in pixels."""
    scale = min(1.0, _LONGEST_SIDE / max(size))
    if gsd_m and gsd_m < config.finest_gsd_m:
        scale = min(scale, gsd_m / config.finest_gsd_m)
    return max(scale, config.min_side / max(size))


def windows(size: tuple[int, int], side: int) -> Iterator[SearchWindow]:
    """Yield the windows that cover a picture. size: its width and height; side: the largest side of a window."""
    for top, height, core_top, core_bottom in _spans(size[1], side):
        for left, width, core_left, core_right in _spans(size[0], side):
            yield SearchWindow(left, top, width, height, (core_left, core_top, core_right, core_bottom))


def to_input(image: Image.Image, mean: Sequence[float]) -> Tensor:
    """Return a picture as uint8 [1, 3, height, width], padded at right and bottom with `mean` to multiples of 32."""
    width, height = (math.ceil(side / _STRIDE) * _STRIDE for side in image.size)
    padded = Image.new("RGB", (width, height), padding_color(mean))
    padded.paste(image, (0, 0))
    return torch.from_numpy(np.array(padded)).permute(2, 0, 1)[None]


def padding_color(mean: Sequence[float]) -> tuple[int, int, int]:
    """Return the 8-bit color that is 0 after normalization with `mean`."""
    red, green, blue = (min(255, max(0, round(255 * value))) for value in mean)
    return red, green, blue


def _points_in(
    model: Rsgpt, resized: Image.Image, thresholds: Sequence[float], on_window: Callable[[], None]
) -> dict[str, list[FoundPoint]]:
    """Return the points of a resized picture by label, in its pixels."""
    finder, config = finder_of(model)
    found: dict[str, list[FoundPoint]] = {label: [] for label in config.labels}
    for window in windows(resized.size, config.max_side):
        part = resized.crop((window.left, window.top, window.left + window.width, window.top + window.height))
        (points_by_label,) = decode(_maps(model, finder, part), config, thresholds)
        for label, points in points_by_label.items():
            moved = (point.moved(window.left, window.top) for point in points)
            found[label] += [point for point in moved if window.has_in_core(point)]
        on_window()
    return found


def _maps(model: Rsgpt, finder: Finder, image: Image.Image) -> FinderMaps:
    pixels = to_input(image, model.config.vision.mean).to(next(finder.parameters()).device)
    maps: FinderMaps = finder(model.encode_grids(pixels))
    if not bool(maps.centers.isfinite().all()):
        raise EngineError("The finder computed NaN or infinity for this picture. Check the model with `rsgpt doctor`.")
    return maps.cpu()


def _resized(image: Image.Image, scale: float) -> Image.Image:
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    width, height = (max(1, round(side * scale)) for side in image.size)
    return rgb if rgb.size == (width, height) else rgb.resize((width, height), Image.Resampling.BICUBIC)


def _placed(points: Sequence[FoundPoint], resized: tuple[int, int], size: tuple[int, int]) -> list[FoundPoint]:
    """Return the points of a resized picture in the pixels of the picture, without those in the padding."""
    inside = [point for point in points if point.x < resized[0] and point.y < resized[1]]
    return [point.scaled(size[0] / resized[0], size[1] / resized[1]) for point in inside]


def _spans(length: int, side: int) -> list[tuple[int, int, float, float]]:
    """Return start, length, and the ends of the core of each window along one axis."""
    if length <= side:
        return [(0, length, 0.0, math.inf)]
    overlap = round(side * _OVERLAP)
    count = math.ceil((length - overlap) / (side - overlap))
    starts = [round(index * (length - side) / (count - 1)) for index in range(count)]
    ends = [0.0, *((start + side + after) / 2 for start, after in pairwise(starts)), math.inf]
    return [(start, side, ends[index], ends[index + 1]) for index, start in enumerate(starts)]
