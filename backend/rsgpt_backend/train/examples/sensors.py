"""Pictures as other sensors would take them: gray, with color casts, haze, blur, noise, coarser pixels, compression.

Objects keep their places, so that answers about positions stay true.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from torch import Tensor

Change = Callable[[NDArray[np.uint8], random.Random], NDArray[np.uint8]]
_GRAY_SHARE = 0.2
_DARK = 40  # mean value


def as_other_sensor(pixels: Tensor, seed: str) -> Tensor:
    """uint8 [3, side, side] -> the same picture, uint8, changed at random; equal seeds give equal pictures."""
    rng = random.Random(seed)  # nosec B311 - augmentation is no secret
    values: NDArray[np.uint8] = pixels.permute(1, 2, 0).numpy()
    for change in rng.sample(_CHANGES, rng.randint(1, 3)):
        values = change(values, rng)
    if is_gray(seed):
        values = np.repeat(_luminance(values)[..., None], 3, 2)
    return torch.from_numpy(np.array(values)).permute(2, 0, 1).contiguous()


def is_gray(seed: str) -> bool:
    """Whether `as_other_sensor` returns a gray picture for a seed."""
    return random.Random(f"{seed}/gray").random() < _GRAY_SHARE  # nosec B311 - augmentation is no secret


def _luminance(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return _to_bytes(values @ np.array([0.299, 0.587, 0.114]))


def _tone(values: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    """Change contrast, brightness and gamma, unless the picture is so dark that it would become black."""
    if values.mean() < _DARK:
        return values
    scaled = (values / 255.0) ** rng.uniform(0.6, 1.6)
    return _to_bytes(255 * (rng.uniform(0.7, 1.3) * (scaled - 0.5) + 0.5 + rng.uniform(-0.12, 0.12)))


def _cast(values: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    """Scale the channels differently, and reduce or raise the saturation."""
    gray = _luminance(values)[..., None].astype(float)
    gains = np.array([rng.uniform(0.9, 1.1) for _ in range(3)])
    return _to_bytes((gray + rng.uniform(0.6, 1.3) * (values - gray)) * gains)


def _haze(values: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    """Blend with a bluish white."""
    share = rng.uniform(0.1, 0.45)
    return _to_bytes((1 - share) * values + share * np.array([215, 222, 232]))


def _blur(values: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(values).filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 2.2))))


def _coarser(values: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    """Resample to pixels up to four times as large, and back."""
    image = Image.fromarray(values)
    small = round(image.width / rng.uniform(1.5, 4.0))
    method = rng.choice((Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC))
    return np.asarray(image.resize((small, small), Image.Resampling.BOX).resize(image.size, method))


def _noise(values: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    normal = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(3, 14), values.shape)
    return _to_bytes(values + normal)


def _compressed(values: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "JPEG", quality=rng.randint(15, 60))
    return np.asarray(Image.open(buffer))


def _to_bytes(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


_CHANGES: tuple[Change, ...] = (_tone, _cast, _haze, _blur, _coarser, _noise, _compressed)
