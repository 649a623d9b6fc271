"""The eight turned and mirrored copies of a picture, and their features kept on disk.

View 0 is the picture itself. It knows encoders only as a function.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from rsgpt_plugin.shared.files.atomic_file import replace_atomically

VIEWS = 8


def view(pixels: Tensor, number: int) -> Tensor:
    """One of the eight symmetries of the square: [..., height, width] -> the same shape."""
    turned = torch.rot90(pixels, number % 4, (-2, -1))
    return turned.flip(-1) if number >= 4 else turned


class FeatureStore:
    """Features of views of pictures, float16 [rows, cells, width], memory-mapped.

    rows: (picture, view) pairs. A store that was cut off is taken up where it stopped; one made by another encoder
    is never used.
    """

    def __init__(self, path: Path, rows: Sequence[tuple[int, int]], shape: tuple[int, int]) -> None:
        self._rows = rows
        self._progress = path.with_suffix(".json")
        mode: Literal["r+", "w+"] = "r+" if path.exists() and self._progress.exists() else "w+"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.features: NDArray[np.float16] = np.memmap(path, np.float16, mode, shape=(len(rows), *shape))
        self._done = json.loads(self._progress.read_text()) if mode == "r+" else 0

    def fill(self, pixels: Tensor, encode: Callable[[Tensor], Tensor], batch: int = 64) -> None:
        """pixels: uint8 [pictures, 3, size, size]; encode: a batch of them -> features."""
        starts = range(0, len(self._rows), batch)
        for index, start in enumerate(tqdm(starts, desc="features", disable=self._done >= len(starts))):
            if index < self._done:
                continue
            shown = torch.stack([view(pixels[picture], turn) for picture, turn in self._rows[start : start + batch]])
            self.features[start : start + batch] = encode(shown).to("cpu", torch.float16).numpy()
            if index % 50 == 49 or index == len(starts) - 1:
                self.features.flush()  # type: ignore[attr-defined]  # numpy types a memmap as a plain array here
                self._note(index + 1)

    def _note(self, done: int) -> None:
        with replace_atomically(self._progress) as part:
            part.write_text(json.dumps(done))


def store_name(files: Sequence[str], rows: Sequence[tuple[int, int]], weights: Sequence[Tensor]) -> str:
    """A name that changes with the pictures' names, the views of them and the encoder's weights."""
    digest = hashlib.sha256(json.dumps([*files, *rows]).encode())
    for tensor in weights:
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return f"features-{digest.hexdigest()[:16]}.f16"
