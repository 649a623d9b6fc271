"""The ground resolution of a picture as one more cell: a golf course at 0.5 m looks like a field at 5 m."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_FINEST, _COARSEST = -5, 7  # octaves: 1/32 m to 128 m per input pixel
_KNOTS = _COARSEST - _FINEST + 1


class GroundResolutionCell(nn.Module):
    """Embeds meters per input pixel: learned vectors one octave apart, interpolated linearly in log2."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.projection = nn.Linear(_KNOTS, width, bias=False)
        self.unknown = nn.Parameter(torch.zeros(width))
        nn.init.normal_(self.projection.weight, std=0.5)  # cells have a standard deviation of about 1

    def forward(self, ground: Tensor) -> Tensor:
        """ground: [batch], meters per input pixel, NaN if unknown -> [batch, 1, width].

        Values beyond 1/32 m and 128 m are treated as these.
        """
        is_known = ~ground.isnan()
        octaves = ground.float().where(is_known, 1.0).log2().clamp(_FINEST, _COARSEST)
        knots = torch.arange(_FINEST, _COARSEST + 1, device=ground.device)
        shares = F.relu(1 - (octaves[:, None] - knots).abs())
        known = cast(Tensor, self.projection(shares))
        return known.where(is_known[:, None], self.unknown)[:, None]


def input_resolution(gsd_m: float | None, width: int, height: int, image_size: int) -> float:
    """Return meters per pixel of the model's input, NaN if gsd_m is None.

    gsd_m: meters per pixel of the picture; width, height: its size; image_size: side of the input in pixels. The
    longer side counts, because the picture is distorted to a square.
    """
    return math.nan if gsd_m is None else gsd_m * max(width, height) / image_size
