"""From any sample values to 8 bits, the same way for a whole run. Knows no raster and no meaning of bands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from .pixels import Pixels

LOW_PERCENT, HIGH_PERCENT = 2.0, 98.0
FULL_RANGE_LEVELS = 48  # 8-bit data that use this many grey levels are shown as they are
SAMPLED_WINDOWS = 64
SAMPLED_SIDE = 256
_MID_GREY = 128


@dataclass(frozen=True)
class Stretch:
    """limits: (low, high) of each band in the data's units, mapped to 0 and 255; empty: left alone."""

    limits: tuple[tuple[float, float], ...] = ()

    def apply(self, pixels: Pixels) -> np.ndarray:
        """uint8, height x width x bands, 0 where not valid."""
        values, valid = pixels
        scaled = np.empty(values.shape, np.uint8)
        for index, band in enumerate(values):
            scaled[index] = _scaled(band, self.limits[index], valid) if self.limits else band
        scaled[:, ~valid] = 0
        return np.ascontiguousarray(scaled.transpose(1, 2, 0))

    def describe(self, bands: Sequence[int]) -> str:
        """For the `stretch` column: each band's number and limits."""
        if not self.limits:
            return "none"
        parts = [f"{band}: {low:g}..{high:g}" for band, (low, high) in zip(bands, self.limits)]
        return f"{LOW_PERCENT:g}-{HIGH_PERCENT:g}% " + ", ".join(parts)


def measure(pictures: Iterable[Pixels]) -> Stretch | None:
    """One stretch from the first SAMPLED_WINDOWS pictures that have a valid pixel; None where none has."""
    with_pixels = ((values, valid) for values, valid in pictures if valid.any())
    samples = [_thinned(values, valid) for values, valid in islice(with_pixels, SAMPLED_WINDOWS)]
    if not samples:
        return None
    joined = np.concatenate(samples, axis=1)
    limits = np.percentile(joined.astype(np.float64), [LOW_PERCENT, HIGH_PERCENT], axis=1)
    if joined.dtype == np.uint8 and limits[1].max() - limits[0].min() >= FULL_RANGE_LEVELS:
        return Stretch()
    return Stretch(tuple((float(low), float(high)) for low, high in limits.T))


def spread(count: int) -> Iterator[int]:
    """The numbers below `count`, in an order of which every beginning is spread over the whole."""
    step = max(1, count // SAMPLED_WINDOWS)
    for start in range(step):
        yield from range(start, count, step)


def _scaled(band: np.ndarray, limits: tuple[float, float], valid: np.ndarray) -> np.ndarray:
    low, high = limits
    if high <= low:  # a constant band says nothing: mid grey, rather than black or a division by zero
        return np.full(band.shape, _MID_GREY, dtype=np.uint8)
    shown = np.where(valid, band, low).astype(np.float64)
    return np.clip((shown - low) * (255.0 / (high - low)) + 0.5, 0.0, 255.0).astype(np.uint8)


def _thinned(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """About SAMPLED_SIDE squared valid samples at most, bands x N; all of them where the thinned have none."""
    step = max(1, max(valid.shape) // SAMPLED_SIDE)
    thin = valid[::step, ::step]
    return values[:, ::step, ::step][:, thin] if thin.any() else values[:, valid]
