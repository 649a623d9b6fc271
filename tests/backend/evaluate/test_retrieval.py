"""Recall of sentences and pictures, with vectors that are known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rsgpt_backend.errors import DataError
from rsgpt_backend.evaluate.retrieval import evaluate, ranks
from rsgpt_backend.predictor import Embedding, KeyedPicture
from tests.backend.toy import picture


class Known:
    """An embedder with a vector by text or file name; it records the ground resolutions."""

    name = "known"

    def __init__(self, vectors: Mapping[str, tuple[float, ...]]) -> None:
        self._vectors = vectors
        self.resolutions: list[float | None] = []

    def embed(self, items: Sequence[str | KeyedPicture]) -> list[Embedding]:
        self.resolutions += [item.gsd_m for item in items if isinstance(item, KeyedPicture)]
        keys = [item if isinstance(item, str) else item.image_key for item in items]
        return [Embedding(self._vectors[key], 1) for key in keys]


def write(folder: Path, captions: Sequence[Sequence[str]]) -> tuple[Path, Path]:
    """Write pictures 0.png, 1.png, … with their sentences; return the folder of pictures and the caption file."""
    records: list[dict[str, Any]] = []
    (folder / "images").mkdir()
    for number, sentences in enumerate(captions):
        picture(number).save(folder / "images" / f"{number}.png")
        records.append({"filename": f"{number}.png", "captions": list(sentences)})
    (folder / "captions.json").write_text(json.dumps({"annotations": records}))
    return folder / "images", folder / "captions.json"


def test_perfect_vectors_find_everything(tmp_path: Path) -> None:
    names = ["river", "forest", "port"]
    axes = [tuple(row) for row in np.eye(3).tolist()]
    vectors = {**dict(zip(names, axes, strict=True)), **{f"{n}.png": axis for n, axis in enumerate(axes)}}
    engine = Known(vectors)
    scores = evaluate(engine, *write(tmp_path, [[name] * 2 for name in names]), gsd_m=0.5)
    assert (scores["images"], scores["sentences"], scores["mean recall"]) == (3, 6, 100.0)
    assert scores["mean recall, equal sentences"] == 100.0
    assert scores["intervals"]["sentence to picture R@1"] == [100.0, 100.0]
    assert engine.resolutions == [0.5] * 3


def test_equal_vectors_find_nothing_first(tmp_path: Path) -> None:
    sentences = [f"sentence {number}" for number in range(20)]
    same = dict.fromkeys([*sentences, *(f"{number}.png" for number in range(20))], (1.0, 0.0))
    scores = evaluate(Known(same), *write(tmp_path, [[sentence] for sentence in sentences]))
    assert scores["mean recall"] == 0.0


def test_a_sentence_of_two_pictures_counts_for_both_if_equal_ones_count(tmp_path: Path) -> None:
    vectors = {"a port": (1.0, 0.0), "0.png": (1.0, 0.0), "1.png": (0.8, 0.6)}
    scores = evaluate(Known(vectors), *write(tmp_path, [["a port"], ["a port"]]))
    assert scores["sentence to picture R@1"] == 50.0
    assert scores["mean recall, equal sentences"] == 100.0


def test_at_most_a_number_of_pictures(tmp_path: Path) -> None:
    vectors = {name: (1.0, 0.0) for name in ("a", "b", "0.png", "1.png")}
    assert evaluate(Known(vectors), *write(tmp_path, [["a"], ["b"]]), limit=1)["images"] == 1


def test_empty_sentences_are_left_out(tmp_path: Path) -> None:
    vectors = {"a": (1.0, 0.0), "b": (0.0, 1.0), "0.png": (1.0, 0.0), "1.png": (0.0, 1.0)}
    scores = evaluate(Known(vectors), *write(tmp_path, [["a", ""], ["b"], [" "]]))
    assert (scores["images"], scores["sentences"], scores["mean recall"]) == (2, 2, 100.0)


def test_ranks_start_at_one_and_count_ties_as_better() -> None:
    similar = np.array([[0.9, 0.5, 0.1], [0.5, 0.5, 0.9]])
    right = np.array([[True, False, False], [True, False, False]])
    assert ranks(similar, right).tolist() == [1, 3]


def test_a_file_without_captions(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no captions"):
        evaluate(Known({}), *write(tmp_path, []))
