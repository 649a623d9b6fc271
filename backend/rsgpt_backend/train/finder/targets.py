"""Targets of the finder for one crop: centers, box sizes, regions, and which of them are known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...data.object_annotations import ObjectBox
from ...model.config import FinderConfig

_SPREAD = 0.1  # of a side, the standard deviation of the bump around a center
_LEAST_SPREAD = 0.6  # cells
_SMALLEST_SIDE = 4.0  # pixels; smaller objects are not learned
_INNER = 0.6  # of a side: the part of a building's box that is certainly building
MASK_REGIONS = {
    "water": "water",
    "road": "road",
    "vegetation": "vegetation",
    "building": "building",
    "land": "bare ground",
}
Array = NDArray[np.float32]


@dataclass(frozen=True)
class FinderTargets:
    """Targets of a batch; maps are float32 [batch, channels, rows, columns] in cells of the finder's maps.

    centers: 1 at the center of an object, less around it, by label; center_weights: 0 where that is unknown;
    sizes: logarithms of width and height in pixels; has_size: 1 at and next to centers; offsets: x and y of the center
    in cells; is_center: 1 at centers;
    regions, region_weights: as for centers, by region; shares, share_weights: [batch, regions], the share of the
    picture that a region covers; inside: 1 for cells in the picture.
    """

    centers: Tensor
    center_weights: Tensor
    sizes: Tensor
    has_size: Tensor
    offsets: Tensor
    is_center: Tensor
    regions: Tensor
    region_weights: Tensor
    shares: Tensor
    share_weights: Tensor
    inside: Tensor

    def rows(self, indices: Tensor) -> FinderTargets:
        """Return the targets of some pictures of the batch."""
        return FinderTargets(*(value[indices] for value in vars(self).values()))

    def to(self, device: torch.device) -> FinderTargets:
        """Return the targets on a device."""
        return FinderTargets(*(value.to(device) for value in vars(self).values()))


@dataclass(frozen=True)
class CropFacts:
    """What is known about a square crop, in its pixels.

    boxes: visible parts of objects; hidden: visible parts of objects that are mostly outside; inside: left, top, right
    and bottom of the picture, also beyond the crop; edge: width of the band along the picture's edges where objects may
    lack a box.
    weights: for each known label, the weight of cells without a center.
    mask: class names of the mask and its values [side, side], -1 outside; shares: by region.
    """

    boxes: tuple[ObjectBox, ...]
    hidden: tuple[ObjectBox, ...]
    inside: tuple[float, float, float, float]
    edge: float
    weights: Mapping[str, float]
    are_buildings_complete: bool = False
    classes: tuple[str, ...] = ()
    mask: NDArray[np.int16] | None = None
    shares: Mapping[str, float] | None = None


@dataclass(frozen=True)
class _BoxMaps:
    """The maps of sizes and offsets of FinderTargets, for one crop: [channels, cells, cells]."""

    sizes: Array
    has_size: Array
    offsets: Array
    is_center: Array

    def enter(self, box: ObjectBox, stride: int) -> None:
        """Enter size and offset of one object; the size also next to its center, where the peak may be."""
        row, column = _cell(box, self.sizes.shape[1], stride)
        x, y = (value / stride for value in box.center)
        around = (slice(max(row - 1, 0), row + 2), slice(max(column - 1, 0), column + 2))
        for place in (around, (slice(row, row + 1), slice(column, column + 1))):
            is_free = self.is_center[0][place] == 0
            for channel, side in zip(self.sizes, (box.width, box.height), strict=True):
                channel[place][is_free] = math.log(max(side, 1))
            self.has_size[0][place] = 1.0
        self.offsets[:, row, column] = x - column, y - row
        self.is_center[0, row, column] = 1.0


def stack(targets: Sequence[FinderTargets]) -> FinderTargets:
    """Return the targets of several batches as one."""
    columns = zip(*(vars(each).values() for each in targets), strict=True)
    return FinderTargets(*(torch.cat(list(column)) for column in columns))


def render(facts: CropFacts, side: int, config: FinderConfig) -> FinderTargets:
    """Return the targets of one crop, a batch of one. side: of the crop in pixels."""
    cells, labels, regions = side // config.stride, len(config.labels), len(config.regions)
    inside = _filled(facts.inside, cells, config.stride)
    centers, weights = np.zeros((labels, cells, cells), np.float32), np.zeros((labels, cells, cells), np.float32)
    boxes = _BoxMaps(*(np.zeros((count, cells, cells), np.float32) for count in (2, 1, 2, 1)))
    for index, label in enumerate(config.labels):
        own = [box for box in facts.boxes if box.label == label]
        if label in facts.weights:
            weights[index] = facts.weights[label] * inside * _core(facts, cells, config.stride)
            for box in facts.hidden:
                if box.label == label:
                    weights[index] *= 1 - _filled(_ends(box), cells, config.stride)
        for box in own if label in facts.weights else []:
            if max(box.width, box.height) < _SMALLEST_SIDE:
                weights[index] *= 1 - _filled(_ends(box), cells, config.stride)
                continue
            _draw(box, centers[index], weights[index], config.stride)
            boxes.enter(box, config.stride)
    region_maps, region_weights = _regions(facts, cells, config)
    shares = np.zeros((2, regions), np.float32)
    for index, region in enumerate(config.regions):
        if facts.shares and region in facts.shares:
            shares[:, index] = facts.shares[region], 1
    maps = (centers, weights, *vars(boxes).values(), region_maps, region_weights * inside, *shares, inside[None])
    return FinderTargets(*(torch.from_numpy(np.ascontiguousarray(values))[None] for values in maps))


def _draw(box: ObjectBox, centers: Array, weights: Array, stride: int) -> None:
    """Enter the bump of one object into the map of its label, and that its box is known."""
    cells = centers.shape[0]
    row, column = _cell(box, cells, stride)
    places = np.arange(cells, dtype=np.float32)
    across = (places - column) / max(_LEAST_SPREAD, _SPREAD * box.width / stride)
    down = (places - row) / max(_LEAST_SPREAD, _SPREAD * box.height / stride)
    np.maximum(centers, np.exp(-(down[:, None] ** 2 + across[None] ** 2) / 2), out=centers)
    weights[_slices(_ends(box), cells, stride)] = 1.0
    weights[row, column] = 1.0


def _cell(box: ObjectBox, cells: int, stride: int) -> tuple[int, int]:
    """Return row and column of the cell with the center of a box."""
    x, y = box.center
    return min(int(y / stride), cells - 1), min(int(x / stride), cells - 1)


def _regions(facts: CropFacts, cells: int, config: FinderConfig) -> tuple[Array, Array]:
    """Return the targets of the regions and their weights, [regions, cells, cells]."""
    maps = np.zeros((len(config.regions), cells, cells), np.float32)
    weights = np.zeros_like(maps)
    if facts.mask is not None:
        middle = config.stride // 2
        classes = facts.mask[middle :: config.stride, middle :: config.stride]
        known = [MASK_REGIONS.get(name, "") for name in facts.classes]
        is_known = np.isin(classes, [value for value, region in enumerate(known) if region])
        for index, region in enumerate(config.regions):
            maps[index] = np.isin(classes, [value for value, name in enumerate(known) if name == region])
            weights[index] = is_known
    elif facts.are_buildings_complete and "building" in config.regions:
        index = config.regions.index("building")
        weights[index] = _core(facts, cells, config.stride)
        for box in (*facts.boxes, *facts.hidden):
            if box.label == "building":
                weights[index][_slices(_ends(box), cells, config.stride)] = 0.0
        for box in facts.boxes:
            if box.label == "building":
                inner = _slices(_ends(box, _INNER), cells, config.stride)
                maps[index][inner], weights[index][inner] = 1.0, 1.0
    return maps, weights


def _core(facts: CropFacts, cells: int, stride: int) -> Array:
    """Return 1 for cells away from the edges of the picture, where each object has a box."""
    left, top, right, bottom = facts.inside
    edge = facts.edge
    return _filled((left + edge, top + edge, right - edge, bottom - edge), cells, stride)


def _ends(box: ObjectBox, part: float = 1.0) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a box, or of the given part of its sides."""
    x, y = box.center
    width, height = box.width * part / 2, box.height * part / 2
    return x - width, y - height, x + width, y + height


def _slices(ends: tuple[float, float, float, float], cells: int, stride: int) -> tuple[slice, slice]:
    """Return the rows and columns of the cells whose middle is between the ends."""
    left, top, right, bottom = (min(max(round(end / stride), 0), cells) for end in ends)
    return slice(top, max(bottom, top)), slice(left, max(right, left))


def _filled(ends: tuple[float, float, float, float], cells: int, stride: int) -> Array:
    filled = np.zeros((cells, cells), np.float32)
    filled[_slices(ends, cells, stride)] = 1.0
    return filled
