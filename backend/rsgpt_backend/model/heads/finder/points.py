"""From the maps of the finder to points: peaks above a threshold, in pixels, without duplicates."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from rsgpt_plugin.shared.objects.found_points import FoundPoint, without_duplicates

from ...config import FinderConfig
from .network import FinderMaps

_MAX_POINTS = 500  # per label and window; an untrained finder would return one in nine cells
_MAX_LOG_SIDE = 9.0  # limit before the exponential, which would overflow


def decode(maps: FinderMaps, config: FinderConfig, thresholds: Sequence[float]) -> list[dict[str, list[FoundPoint]]]:
    """Return the points of each picture of a batch by label, likeliest first, in pixels of the finder's input.

    thresholds: minimum confidence by label. A peak is a cell that no neighbor exceeds.
    """
    probabilities = maps.centers.float().sigmoid()
    is_peak = probabilities == F.max_pool2d(probabilities, 3, 1, 1)
    limits = torch.tensor(thresholds, device=probabilities.device)[:, None, None]
    is_peak &= probabilities >= limits
    found = []
    for picture in range(len(probabilities)):
        points = {
            label: without_duplicates(_points(maps, probabilities, is_peak, (picture, index), config.stride))
            for index, label in enumerate(config.labels)
        }
        found.append(points)
    return found


def _points(
    maps: FinderMaps, probabilities: Tensor, is_peak: Tensor, place: tuple[int, int], stride: int
) -> list[FoundPoint]:
    """Return the peaks of one label in one picture. place: index of the picture and of the label."""
    picture, label = place
    rows, columns = is_peak[picture, label].nonzero(as_tuple=True)
    confidence, order = probabilities[picture, label, rows, columns].sort(descending=True)
    rows, columns = rows[order][:_MAX_POINTS], columns[order][:_MAX_POINTS]
    sides = maps.sizes[picture, :, rows, columns].float().clamp(max=_MAX_LOG_SIDE).exp()
    offsets = maps.offsets[picture, :, rows, columns].float().clamp(0, 1)
    centers = (torch.stack([columns, rows]) + offsets) * stride
    values = torch.cat([centers, confidence[None, :_MAX_POINTS], sides]).T.tolist()
    return [FoundPoint(x, y, sure, (x - w / 2, y - h / 2, w, h)) for x, y, sure, w, h in values]
