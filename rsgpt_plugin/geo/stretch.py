"""From any sample values to 8 bits, the same way for a whole run. Knows no layer and no bands' meaning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

LOW_PERCENT, HIGH_PERCENT = 2.0, 98.0
# 8-bit data that already use this many grey levels are shown as they are.
FULL_RANGE_LEVELS = 48
SAMPLED_WINDOWS = 64
SAMPLED_SIDE = 256
_MID_GREY = 128

Pixels = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Stretch:
    """limits: (low, high) in the data's units for each band, mapped to 0 and 255; empty: left alone."""

    limits: tuple[tuple[float, float], ...] = ()

    def apply(self, values: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """values: bands x H x W of any type; valid: bool, H x W. Returns uint8 H x W x bands, 0 where not valid."""
        scaled = np.empty(values.shape, dtype=np.uint8)
        for index, band in enumerate(values):
            scaled[index] = self._scaled(band, index, valid) if self.limits else band
        scaled[:, ~valid] = 0
        return np.ascontiguousarray(scaled.transpose(1, 2, 0))

    def describe(self, bands: tuple[int, ...]) -> str:
        """For the `stretch` column: each band's number and limits."""
        if not self.limits:
            return "none"
        parts = [f"{band}: {low:g}..{high:g}" for band, (low, high) in zip(bands, self.limits)]
        return f"{LOW_PERCENT:g}-{HIGH_PERCENT:g}% " + ", ".join(parts)

    def _scaled(self, band: np.ndarray, index: int, valid: np.ndarray) -> np.ndarray:
        low, high = self.limits[index]
        if high <= low:
            # A constant band says nothing: mid grey, rather than black or a division by zero.
            return np.full(band.shape, _MID_GREY, dtype=np.uint8)
        shown = np.where(valid, band, low).astype(np.float64)
        return np.clip((shown - low) * (255.0 / (high - low)) + 0.5, 0.0, 255.0).astype(np.uint8)


def measure(pictures: Iterable[Pixels]) -> Stretch | None:
    """One stretch for a run, from samples of its area; None where no sample has a valid pixel.

    pictures: (values: bands x H x W, valid: bool H x W), taken until SAMPLED_WINDOWS had valid pixels.
    """
    samples = []
    for values, valid in pictures:
        if valid.any():
            samples.append(_thinned(values, valid))
        if len(samples) == SAMPLED_WINDOWS:
            break
    return _stretch_of(np.concatenate(samples, axis=1)) if samples else None


def spread(items: list[int]) -> list[int]:
    """The same numbers reordered so that every beginning of the list is spread over the whole."""
    step = max(1, len(items) // SAMPLED_WINDOWS)
    return [item for start in range(step) for item in items[start::step]]


def _thinned(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """At most about SAMPLED_SIDE squared valid samples, bands x N; all of them where the thinned have none."""
    step = max(1, max(valid.shape) // SAMPLED_SIDE)
    thin = valid[::step, ::step]
    return values[:, ::step, ::step][:, thin] if thin.any() else values[:, valid]


def _stretch_of(samples: np.ndarray) -> Stretch:
    """samples: bands x N, N at least 1."""
    limits = np.percentile(samples.astype(np.float64), [LOW_PERCENT, HIGH_PERCENT], axis=1)
    if samples.dtype == np.uint8 and limits[1].max() - limits[0].min() >= FULL_RANGE_LEVELS:
        return Stretch()
    return Stretch(tuple((float(low), float(high)) for low, high in limits.T))
