"""Settings of the training of a finder."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FinderStage:
    """The training of a finder with a frozen encoder.

    batch: square crops per step; size: their side in pixels, a multiple of 32; smallest, largest: factors by which
    pictures are resized; reuse: number of steps that see a crop, because encoding takes longer than learning;
    round_batches: batches of crops that are encoded at once; unmarked: weight of cells without a box for a label of
    which some objects have none; validated: maximum number of pictures per validation file.
    """

    steps: int = 0
    batch: int = 16
    size: int = 192
    smallest: float = 0.7
    largest: float = 2.0
    reuse: int = 4
    round_batches: int = 32
    learning_rate: float = 1.2e-3
    weight_decay: float = 0.05
    warmup: int = 50
    clip: float = 1.0
    unmarked: float = 0.1
    validated: int = 120
    seed: int = 42
