"""Sentences of pictures: which texts count, each is embedded once, and the most similar one decides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from rsgpt_backend.search.picture_index import PictureIndex
from rsgpt_plugin.shared.search.captions import distinct_sentences, load_captions

VECTORS = {"boats": (1.0, 0.0), "trees": (0.0, 1.0), "both": (0.6, 0.8)}


def test_texts_of_a_row() -> None:
    assert distinct_sentences(["Many  boats.\n", None, 3, True, "", " ", "Many boats.", "a\ud800"]) == (
        "Many boats.",
        "a\ufffd",
    )
    assert distinct_sentences(["a" * 5000]) == ("a" * 1500,)


def test_the_most_similar_sentence_decides_and_each_is_embedded_once(tmp_path: Path) -> None:
    asked: list[str] = []

    def embed(texts: Sequence[str]) -> list[tuple[float, float]]:
        asked.extend(texts)
        return [VECTORS[text] for text in texts]

    captions = [("boats", "trees"), (), ("both",), ("boats",)]
    for _ in range(2):  # the second time from the file
        with PictureIndex(tmp_path / "search.sqlite", "sentences") as index:
            cosines = load_captions(captions, index, embed).cosines((0.0, 1.0))
        assert cosines[[0, 2, 3]] == pytest.approx([1, 0.8, 0], abs=1e-3)
        assert np.isnan(cosines[1])
    assert asked == ["boats", "trees", "both"]


def test_no_captions_at_all(tmp_path: Path) -> None:
    with PictureIndex(tmp_path / "search.sqlite", "sentences") as index:
        matrix = load_captions([(), ()], index, lambda texts: pytest.fail("nothing to embed"))
    assert np.isnan(matrix.cosines((1.0, 0.0))).all()


def test_more_sentences_than_a_request_takes(tmp_path: Path) -> None:
    sizes: list[int] = []

    def embed(texts: Sequence[str]) -> list[tuple[float, float]]:
        sizes.append(len(texts))
        return [(1.0, 0.0)] * len(texts)

    with PictureIndex(tmp_path / "search.sqlite", "sentences") as index:
        load_captions([(str(number),) for number in range(70)], index, embed)
    assert sizes == [32, 32, 6]
