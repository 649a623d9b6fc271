"""Settings of the training of a finder: its data sets and its stage."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FinderDataset:
    """An object file with its pictures; paths are relative to the data folder.

    objects, validate: object files to train on, and to choose thresholds with; images, validate_images: folder or zip
    file of their pictures, `images` for both if `validate_images` is empty; masks: folder or zip file of class masks.
    complete: labels whose objects all have a box; partial: labels of which some objects have none; absent: labels that
    occur in no picture; other labels are unknown and not learned from this data set.
    shares: regions that are learned from the share of the picture that they cover.
    without: starts of the places that are left out. weight: how often pictures are drawn, relative to other data sets.
    """

    objects: str
    images: str
    masks: str = ""
    complete: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    weight: float = 1.0
    validate: str = ""
    validate_images: str = ""


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
    smallest: float = 0.6
    largest: float = 1.6
    reuse: int = 4
    round_batches: int = 32
    learning_rate: float = 1.2e-3
    weight_decay: float = 0.05
    warmup: int = 50
    clip: float = 1.0
    unmarked: float = 0.1
    validated: int = 120
    seed: int = 42
