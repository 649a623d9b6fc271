"""Contrast stretch of samples to 8 bits, the same for all pictures of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from .pixels import Pixels

LOW_PERCENT, HIGH_PERCENT = 2.0, 98.0
FULL_RANGE_LEVELS = 48  # 8-bit data with this many gray levels are not stretched
SAMPLED_WINDOWS = 64
SAMPLED_SIDE = 256
_MID_GRAY = 128


@dataclass(frozen=True)
class Stretch:
    """Linear stretch. limits: (low, high) per band in data units, mapped to 0 and 255; empty for no stretch."""

    limits: tuple[tuple[float, float], ...] = ()

    def apply(self, pixels: Pixels) -> np.ndarray:
        """Return the picture as uint8, height x width x bands, with 0 for invalid pixels."""
        values, valid = pixels
        scaled = np.empty(values.shape, np.uint8)
        for index, band in enumerate(values):
            scaled[index] = _stretched(band, self.limits[index], valid) if self.limits else band
        scaled[:, ~valid] = 0
        return np.ascontiguousarray(scaled.transpose(1, 2, 0))

    def describe(self, bands: Sequence[int]) -> str:
        """Return the text of the `stretch` column: number and limits of each band."""
        if not self.limits:
            return "none"
        parts = [f"{band}: {low:g}..{high:g}" for band, (low, high) in zip(bands, self.limits)]
        return f"{LOW_PERCENT:g}-{HIGH_PERCENT:g}% " + ", ".join(parts)


def measure_stretch(pictures: Iterable[Pixels]) -> Stretch | None:
    """Return a stretch from the first SAMPLED_WINDOWS pictures with valid pixels; None if there are none."""
    with_pixels = ((values, valid) for values, valid in pictures if valid.any())
    samples = [_thinned(values, valid) for values, valid in islice(with_pixels, SAMPLED_WINDOWS)]
    if not samples:
        return None
    values = np.concatenate(samples, axis=1)
    limits = np.percentile(values.astype(np.float64), [LOW_PERCENT, HIGH_PERCENT], axis=1)
    if values.dtype == np.uint8 and limits[1].max() - limits[0].min() >= FULL_RANGE_LEVELS:
        return Stretch()
    return Stretch(tuple((float(low), float(high)) for low, high in limits.T))


def sampling_order(count: int) -> Iterator[int]:
    """Yield the numbers below `count` in an order whose first part is already spread over the whole range."""
    step = max(1, count // SAMPLED_WINDOWS)
    for start in range(step):
        yield from range(start, count, step)


def _stretched(band: np.ndarray, limits: tuple[float, float], valid: np.ndarray) -> np.ndarray:
    low, high = limits
    if high <= low:  # constant band: mid gray instead of black or a division by zero
        return np.full(band.shape, _MID_GRAY, dtype=np.uint8)
    shown = np.where(valid, band, low).astype(np.float64)
    return np.clip((shown - low) * (255.0 / (high - low)) + 0.5, 0.0, 255.0).astype(np.uint8)


def _thinned(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Return at most about SAMPLED_SIDE squared valid samples, bands x N; all valid ones if thinning leaves none."""
    step = max(1, max(valid.shape) // SAMPLED_SIDE)
    sampled = valid[::step, ::step]
    return values[:, ::step, ::step][:, sampled] if sampled.any() else values[:, valid]
