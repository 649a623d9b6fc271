"""EfficientNet-Lite as an image encoder: pixels in, a grid of feature vectors out.

Architecture: Tan and Le, "EfficientNet", 2019, and its authors' table of the Lite variants (ReLU6 instead of swish, no
squeeze-and-excitation, first and last stage never repeated).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

_BN_EPS = 1e-3
_STEM_CHANNELS = 32


@dataclass(frozen=True)
class Stage:
    """One row of the architecture table; `repeats` is the number of blocks, `channels` that of the outputs."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


_STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
_SCALES = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2), "lite3": (1.2, 1.4), "lite4": (1.4, 1.8)}
_FOLDED = (("expand_conv", "bn0"), ("depthwise_conv", "bn1"), ("project_conv", "bn2"))
_FINE_STAGE = 4  # the last stage at stride 16
_GRID_STAGES = (1, 2, _FINE_STAGE, 6)  # the last stages at strides 4, 8, 16 and 32


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding, as in the training of the published weights."""

    def forward(self, x: Tensor) -> Tensor:
        """x: [batch, channels, height, width] -> [batch, channels, ceil(height/stride), ceil(width/stride)]."""
        pad_h, pad_w = (self._excess(size, dim) for dim, size in enumerate(x.shape[-2:]))
        if pad_h % 2 or pad_w % 2:
            x = F.pad(x, [pad_w // 2, pad_w - pad_w // 2, pad_h // 2, pad_h - pad_h // 2])
            pad_h = pad_w = 0
        # Symmetric padding is left to the convolution, which does not copy the input for it.
        return F.conv2d(x, self.weight, self.bias, self.stride, (pad_h // 2, pad_w // 2), self.dilation, self.groups)

    def _excess(self, size: int, dim: int) -> int:
        stride = self.stride[dim]
        return max((math.ceil(size / stride) - 1) * stride + self.kernel_size[dim] - size, 0)


class Block(nn.Module):
    """Inverted residual: expand, filter each channel, project; with a skip connection if the shapes agree."""

    def __init__(self, channels_in: int, stage: Stage, stride: int) -> None:
        super().__init__()
        hidden = channels_in * stage.expansion
        self.expands = stage.expansion > 1
        if self.expands:
            self.expand_conv = SameConv2d(channels_in, hidden, 1, bias=False)
            self.bn0 = nn.BatchNorm2d(hidden, eps=_BN_EPS)
        self.depthwise_conv = SameConv2d(hidden, hidden, stage.kernel, stride, groups=hidden, bias=False)
        self.bn1 = nn.BatchNorm2d(hidden, eps=_BN_EPS)
        self.project_conv = SameConv2d(hidden, stage.channels, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(stage.channels, eps=_BN_EPS)
        self.skips = stride == 1 and channels_in == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        """x: [batch, channels, height, width]."""
        y = F.relu6(self.bn0(self.expand_conv(x)), inplace=True) if self.expands else x
        y = F.relu6(self.bn1(self.depthwise_conv(y)), inplace=True)
        y = self.bn2(self.project_conv(y))
        return x + y if self.skips else y


class EfficientNetLite(nn.Module):
    """Image encoder without the classifier.

    fine: append to each cell of the last grid (stride 32) the four cells that it covers in the grid before (stride 16).
    This preserves small objects at the same number of vectors.
    """

    def __init__(self, variant: str, fine: bool = False) -> None:
        super().__init__()
        stages = scaled_stages(variant)
        self.fine = fine
        self.conv_stem = SameConv2d(3, _STEM_CHANNELS, 3, 2, bias=False)
        self.bn0 = nn.BatchNorm2d(_STEM_CHANNELS, eps=_BN_EPS)
        self.blocks = nn.ModuleList(_blocks(stages))
        self._grid_blocks = [sum(stage.repeats for stage in stages[: last + 1]) - 1 for last in _GRID_STAGES]
        self.grid_channels = tuple(stages[last].channels for last in _GRID_STAGES)
        self.width = stages[-1].channels + (4 * stages[_FINE_STAGE].channels if fine else 0)

    def fold(self) -> None:
        """Merge each batch norm into the convolution before it, which halves the encoding time.

        A folded encoder cannot be trained or saved.
        """
        _fold(self, "conv_stem", "bn0")
        for block in self.blocks:
            for conv, norm in _FOLDED:
                if hasattr(block, conv):
                    _fold(block, conv, norm)

    def grids(self, pixels: Tensor) -> list[Tensor]:
        """Normalized pixels [batch, 3, height, width], sides divisible by 32 -> four grids, the finest first.

        Each is [batch, channels, height/stride, width/stride], at the strides 4, 8, 16 and 32, with the channels of
        `grid_channels`.
        """
        x = F.relu6(self.bn0(self.conv_stem(pixels)), inplace=True)
        grids = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in self._grid_blocks:
                grids.append(x)
        return grids

    def forward(self, pixels: Tensor) -> Tensor:
        """Normalized pixels [batch, 3, height, width], sides divisible by 32 -> [batch, cells, width].

        Cells are in row-major order, from the top left of the picture.
        """
        *_, finer, x = self.grids(pixels)
        grid = torch.cat([x, F.pixel_unshuffle(finer, 2)], dim=1) if self.fine else x
        return grid.flatten(2).transpose(1, 2)


def scaled_stages(variant: str) -> list[Stage]:
    """Return the architecture table of a Lite variant."""
    width, depth = _SCALES[variant]
    scaled = []
    for index, stage in enumerate(_STAGES):
        fixed = index in (0, len(_STAGES) - 1)
        repeats = stage.repeats if fixed else math.ceil(stage.repeats * depth)
        scaled.append(Stage(repeats, stage.kernel, stage.stride, stage.expansion, _round(stage.channels * width)))
    return scaled


def published_state(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the published weights under this module's names, without head and classifier."""
    renamed = {".".join(part.lstrip("_") for part in key.split(".")): value for key, value in state.items()}
    return {key: value for key, value in renamed.items() if not key.startswith(("conv_head", "bn1.", "fc."))}


def _fold(owner: nn.Module, conv: str, norm: str) -> None:
    joined = fuse_conv_bn_eval(getattr(owner, conv), getattr(owner, norm))
    setattr(owner, conv, joined.to(memory_format=torch.channels_last))
    setattr(owner, norm, nn.Identity())


def _blocks(stages: list[Stage]) -> list[Block]:
    blocks, channels = [], _STEM_CHANNELS
    for stage in stages:
        for repeat in range(stage.repeats):
            blocks.append(Block(channels, stage, stage.stride if repeat == 0 else 1))
            channels = stage.channels
    return blocks


def _round(channels: float, divisor: int = 8) -> int:
    """Return the nearest multiple of the divisor that is at most a tenth below `channels`."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded
