"""Views of a picture, and a store of their features on disk.

View 0 is the picture; views 1 to 7 are its other symmetries; the numbers from 8 on are copies by other sensors.
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

VIEWS = 8  # symmetries


def view(pixels: Tensor, number: int) -> Tensor:
    """Return one of the eight symmetries of a square picture, [..., side, side]."""
    rotated = torch.rot90(pixels, number % 4, (-2, -1))
    return rotated.flip(-1) if number >= 4 else rotated


class FeatureStore:
    """Features of views of pictures, float16 [rows, cells, width], memory-mapped.

    rows: (picture, view) pairs. An interrupted store resumes where it stopped.
    """

    def __init__(self, path: Path, rows: Sequence[tuple[int, int]], shape: tuple[int, int]) -> None:
        self._rows = rows
        self._progress = path.with_suffix(".json")
        mode: Literal["r+", "w+"] = "r+" if path.exists() and self._progress.exists() else "w+"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.features: NDArray[np.float16] = np.memmap(path, np.float16, mode, shape=(len(rows), *shape))
        self._done = json.loads(self._progress.read_text()) if mode == "r+" else 0

    def fill(self, render: Callable[[int, int], Tensor], encode: Callable[[Tensor], Tensor], batch: int = 64) -> None:
        """Compute the missing features.

        render: index of a picture and number of a view -> uint8 [3, size, size]; encode: pictures -> features.
        """
        starts = range(0, len(self._rows), batch)
        for index, start in enumerate(tqdm(starts, desc="features", disable=self._done >= len(starts))):
            if index < self._done:
                continue
            views = torch.stack([render(picture, number) for picture, number in self._rows[start : start + batch]])
            self.features[start : start + batch] = encode(views).to("cpu", torch.float16).numpy()
            if index % 50 == 49 or index == len(starts) - 1:
                self.features.flush()  # type: ignore[attr-defined]  # numpy types a memmap as a plain array here
                self._write_progress(index + 1)

    def _write_progress(self, done: int) -> None:
        with replace_atomically(self._progress) as draft:
            draft.write_text(json.dumps(done))


def store_name(files: Sequence[str], rows: Sequence[tuple[int, int]], weights: Sequence[Tensor]) -> str:
    """Return a file name that depends on the pictures' names, their views, and the encoder's weights."""
    digest = hashlib.sha256(json.dumps([*files, *rows]).encode())
    for tensor in weights:
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return f"features-{digest.hexdigest()[:16]}.f16"
