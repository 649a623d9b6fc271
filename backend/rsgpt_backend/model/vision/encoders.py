"""Vision encoders by name, and the one way from a picture to their input. It knows no text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from ...errors import ModelError
from ..config import VisionConfig
from .efficientnet import EfficientNetLite
from .vit import VisionTransformer

ENCODERS: dict[str, Callable[[VisionConfig], nn.Module]] = {
    "efficientnet-lite0": lambda _: EfficientNetLite("lite0"),
    "efficientnet-lite2": lambda _: EfficientNetLite("lite2"),
    "efficientnet-lite2-fine": lambda _: EfficientNetLite("lite2", fine=True),
    "eva-vit": VisionTransformer,
}


def build_encoder(config: VisionConfig) -> nn.Module:
    """An encoder with random weights: normalised pixels -> [batch, cells, width]."""
    if config.kind not in ENCODERS:
        known = ", ".join(sorted(ENCODERS))
        raise ModelError(f"Vision encoder {config.kind!r} is not known. Use one of: {known}.")
    encoder = ENCODERS[config.kind](config)
    width = getattr(encoder, "width", config.width)
    if width != config.width:
        raise ModelError(f"Vision encoder {config.kind!r} is {width} wide, not {config.width}. Get the model again.")
    return encoder


def fast(encoder: nn.Module) -> nn.Module:
    """Its weights with channels last, which is twice as fast on CPUs."""
    return encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch leaves it out


def to_square(image: Image.Image, size: int) -> Image.Image:
    """8-bit RGB of size x size pixels: squashed, bicubic with antialiasing, never cropped.

    RSGPT does the same: a crop would break counts and position words.
    """
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    return rgb if rgb.size == (size, size) else rgb.resize((size, size), Image.Resampling.BICUBIC)


def to_bytes(images: Sequence[Image.Image], size: int) -> Tensor:
    """Pictures of any size -> uint8 [batch, 3, size, size]."""
    arrays = [np.asarray(to_square(image, size)) for image in images]
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).contiguous()


def normalise(pixels: Tensor, config: VisionConfig) -> Tensor:
    """uint8 [batch, 3, height, width] -> float32, scaled to 0..1 and normalised by channel."""
    mean = torch.tensor(config.mean, device=pixels.device)[:, None, None]
    std = torch.tensor(config.std, device=pixels.device)[:, None, None]
    return (pixels.float() / 255 - mean) / std
