"""The network of the finder: the encoder's grids are joined from coarse to fine and read by one convolution each.

The top-down joining follows Lin et al., "Feature Pyramid Networks", 2017; objects as peaks of a heat map with a box
size follow Zhou et al., "Objects as Points", 2019.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...config import FinderConfig

_FIRST_CENTER = 0.02  # probability of a center per cell before training; half would drown the few centers
_FIRST_SIDE = 24.0  # pixels, side of a box before training
_GRID_STRIDES = (4, 8, 16, 32)


@dataclass(frozen=True)
class FinderMaps:
    """Output of the finder for a batch; each map is [batch, channels, height/stride, width/stride].

    centers: logit per label that the cell holds the center of an object; sizes: natural logarithm of width and height
    of the object's box in pixels; offsets: x and y of the center from the cell's top left corner, in cells;
    regions: logit per region that it covers the cell.
    """

    centers: Tensor
    sizes: Tensor
    offsets: Tensor
    regions: Tensor

    def cpu(self) -> FinderMaps:
        """Return the maps in float32 on the CPU."""
        return FinderMaps(*(value.float().cpu() for value in vars(self).values()))


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each cell: its result does not depend on the size of the picture."""

    def forward(self, x: Tensor) -> Tensor:
        """x: [batch, channels, height, width]."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Finder(nn.Module):
    """Grids of the encoder -> maps of object centers, box sizes and regions."""

    def __init__(self, config: FinderConfig, channels: Sequence[int]) -> None:
        """channels: of the encoder's grids at the strides 4, 8, 16 and 32."""
        super().__init__()
        used = list(channels)[_GRID_STRIDES.index(config.stride) :]
        width = config.width
        self.laterals = nn.ModuleList(nn.Sequential(ChannelNorm(count), nn.Conv2d(count, width, 1)) for count in used)
        self.joins = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in used[1:])
        self._parts = [len(config.labels), 2, 2, len(config.regions)]
        self.heads = nn.Conv2d(width, sum(self._parts), 1)
        _start_low(self.heads, self._parts)

    def forward(self, grids: Sequence[Tensor]) -> FinderMaps:
        """grids: the encoder's at the strides 4, 8, 16 and 32, in float32."""
        finest_last = list(reversed(list(zip(self.laterals, grids[-len(self.laterals) :], strict=True))))
        lateral, grid = finest_last[0]
        x = lateral(grid)
        for join, (lateral, grid) in zip(self.joins, finest_last[1:], strict=True):
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False) + lateral(grid)
            x = F.relu(join(x))
        return FinderMaps(*cast(Tensor, self.heads(x)).split(self._parts, dim=1))


def _start_low(heads: nn.Conv2d, parts: Sequence[int]) -> None:
    """Set the biases to few centers, small boxes, centers in the middle of their cells, and regions of even odds."""
    centers, sizes, offsets, regions = parts
    values = [math.log(_FIRST_CENTER / (1 - _FIRST_CENTER))] * centers
    values += [math.log(_FIRST_SIDE)] * sizes + [0.5] * offsets + [0.0] * regions
    with torch.no_grad():
        nn.init.normal_(heads.weight, std=0.01)
        if heads.bias is not None:
            heads.bias.copy_(torch.tensor(values, device=heads.bias.device))
