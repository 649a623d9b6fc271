"""Retrieval: how often the right sentence is found for a picture, and the right picture for a sentence.

As usual for RSICD, recall is measured among the best 1, 5 and 10 in both directions, and its mean over the six figures.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..data.annotations import CaptionRecord, read_captions
from ..data.image_files import ImageSource
from ..errors import DataError
from ..predictor import Embedding, KeyedPicture
from .ask_all import spread
from .intervals import interval
from .report.rounding import hundredths, percent

_BATCH = 48
_BEST = (1, 5, 10)
_MEAN = "mean recall"
T = TypeVar("T")
Matrix = NDArray[np.float64]


class Embedder(Protocol):
    """An engine with vectors for pictures and texts."""

    name: str

    def embed(self, items: Sequence[str | KeyedPicture]) -> list[Embedding]:
        """Return the vectors of texts and pictures, in their order."""
        ...


def evaluate(
    engine: Embedder, images: Path, annotations: Path, limit: int | None = None, gsd_m: float | None = None
) -> dict[str, Any]:
    """Return the recalls in percent. limit: pictures, evenly spread; gsd_m: meters per pixel of all pictures.

    "mean recall" counts only the sentences of the picture itself as right; "mean recall, equal sentences" also those of
    other pictures with the same words, of which many files are full. Raises DataError without captioned pictures.
    """
    records = [replace(record, captions=_written(record)) for record in read_captions(annotations)]
    records = spread([record for record in records if record.captions], limit)
    if not records:
        raise DataError(f"{annotations} holds no captions. Give a file with some.")
    started = time.monotonic()
    pictures = _picture_vectors(engine, images, records, gsd_m)
    sentences = sorted({caption for record in records for caption in record.captions})
    vectors = _vectors([engine.embed(part) for part in _parts(sentences)])
    rows = {sentence: row for row, sentence in enumerate(sentences)}
    pairs = [(number, rows[caption]) for number, record in enumerate(records) for caption in record.captions]
    owners, columns = (np.array(side) for side in zip(*pairs, strict=True))
    similar = (pictures @ vectors.T)[:, columns]
    own = np.arange(len(records))[:, None] == owners
    has = np.zeros((len(records), len(sentences)), dtype=bool)
    has[owners, columns] = True
    scores: dict[str, Any] = {"images": len(records), "sentences": len(pairs)}
    strict, scores["intervals"] = _recalls(similar, own, [records[owner].filename for owner in owners])
    lenient, _ = _recalls(similar, has[:, columns], [])
    scores |= {**strict, f"{_MEAN}, equal sentences": lenient[_MEAN]}
    return {**scores, "seconds": round(time.monotonic() - started, 1)}


def _written(record: CaptionRecord) -> tuple[str, ...]:
    """Return the sentences of a picture without empty ones."""
    return tuple(caption for caption in record.captions if caption.strip())


def ranks(similar: Matrix, right: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the rank of the best right candidate per row, from 1. Wrong candidates as similar as it come first.

    similar, right: [queries, candidates]; each query needs a right candidate.
    """
    best = np.where(right, similar, -np.inf).max(1, keepdims=True)
    return 1 + ((similar >= best) & ~right).sum(1)


def _recalls(
    similar: Matrix, right: NDArray[np.bool_], owners: Sequence[str]
) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the recalls by name, and the intervals of recalls of sentences that have owners (pictures)."""
    by_picture, by_sentence = ranks(similar, right), ranks(similar.T, right.T)
    recalls = {f"picture to sentence R@{best}": float((by_picture <= best).mean()) for best in _BEST}
    recalls |= {f"sentence to picture R@{best}": float((by_sentence <= best).mean()) for best in _BEST}
    intervals = {
        f"sentence to picture R@{best}": hundredths(interval(list(100.0 * (by_sentence <= best)), owners))
        for best in (_BEST if owners else ())
    }
    recalls[_MEAN] = float(np.mean(list(recalls.values())))
    return {name: percent(value) for name, value in recalls.items()}, intervals


def _picture_vectors(engine: Embedder, images: Path, records: Sequence[CaptionRecord], gsd_m: float | None) -> Matrix:
    source = ImageSource(images)
    parts = []
    for part in tqdm(_parts(records), desc="embedding", unit="batch"):
        pictures = [KeyedPicture(source.open(record.filename), record.filename, gsd_m) for record in part]
        parts.append(engine.embed(pictures))
    return _vectors(parts)


def _vectors(parts: Sequence[Sequence[Embedding]]) -> Matrix:
    return np.array([embedding.vector for part in parts for embedding in part], dtype=np.float64)


def _parts(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[start : start + _BATCH] for start in range(0, len(items), _BATCH)]
