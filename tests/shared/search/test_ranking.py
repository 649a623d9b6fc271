"""Scores combine the matching head and the classifier; the best are listed in a fixed order."""

from __future__ import annotations

import numpy as np
import pytest

from rsgpt_plugin.shared.search.queries import Query
from rsgpt_plugin.shared.search.ranking import (
    SURE_WITH_CAPTIONS,
    SURE_WORDS,
    PictureMatrix,
    best,
    cosines,
    example_scores,
    log_probabilities,
    sure_score,
    word_scores,
)

ROWS = [
    np.array([1, 0, 0.9, 0.1, 0.7, 0.3], np.float16),
    np.array([0, 1, 0.1, 0.8, 0.2, 0.8], np.float16),
    np.array([0.6, 0.8, 0.0, 0.5, 0.5, 0.5], np.float16),
]
MATRIX = PictureMatrix.of_rows(ROWS, ("car", "tree"), ("beach", "forest"))
VECTORS = np.array([[1, 0], [1, 0.2]], np.float32)


def test_rows_are_split() -> None:
    assert MATRIX.vectors.tolist() == [[1, 0], [0, 1], pytest.approx([0.6, 0.8], abs=1e-3)]
    assert MATRIX.things[1].tolist() == pytest.approx([0.1, 0.8], abs=1e-3)
    assert MATRIX.kinds[1].tolist() == pytest.approx([0.2, 0.8], abs=1e-3)


def test_no_pictures() -> None:
    empty = PictureMatrix.of_rows([], ("car",), ("beach",))
    assert len(word_scores(empty, Query(("a",), ("car",), ("beach",)), np.zeros((1, 0), np.float32))) == 0
    assert best(np.zeros(0, np.float32), 3) == []


def test_the_cosine_is_that_of_the_mean_sentence() -> None:
    mean = VECTORS.mean(0) / np.linalg.norm(VECTORS.mean(0))
    assert cosines(MATRIX, VECTORS) == pytest.approx(MATRIX.vectors @ mean)


def test_probabilities_of_what_is_named() -> None:
    assert log_probabilities(MATRIX, Query(("a",))).tolist() == [0, 0, 0]
    car = log_probabilities(MATRIX, Query(("a",), ("car",)))
    assert np.exp(car) == pytest.approx([0.9, 0.1, 0.02], abs=1e-3)  # 0 would veto whatever else is known
    both = log_probabilities(MATRIX, Query(("a",), ("car",), ("beach", "forest")))
    assert both == pytest.approx(car / 2, abs=1e-3)  # the kinds count as one, here with probability 1


def test_the_classifier_decides_between_equal_cosines() -> None:
    query = Query(("a",), ("car",))
    matrix = PictureMatrix.of_rows([np.array([1, 0, present], np.float16) for present in (0.1, 0.9)], ("car",), ())
    assert best(word_scores(matrix, query, VECTORS), 2) == [1, 0]


def test_scores_are_between_0_and_1_and_rise_with_similarity() -> None:
    for scores in (word_scores(MATRIX, Query(("a",)), VECTORS), example_scores(MATRIX, VECTORS[:1])):
        assert scores[0] > scores[2] > scores[1] >= 0
        assert scores[0] <= 1


def test_captions_change_the_order_and_pictures_without_one_keep_their_score() -> None:
    alone = word_scores(MATRIX, Query(("a",)), VECTORS)
    captions = np.array([0.0, 1.0, np.nan], np.float32)
    scores = word_scores(MATRIX, Query(("a",)), VECTORS, captions)
    assert alone[0] > alone[1]
    assert scores[1] > scores[0]
    assert scores[2] == alone[2]
    assert ((scores >= 0) & (scores <= 1)).all()


def test_the_sure_score_is_lower_only_if_all_pictures_have_captions() -> None:
    assert sure_score() == sure_score(np.array([0.5, np.nan], np.float32)) == SURE_WORDS
    assert sure_score(np.zeros(0, np.float32)) == SURE_WORDS
    assert sure_score(np.array([0.5], np.float32)) == SURE_WITH_CAPTIONS


@pytest.mark.parametrize(("count", "expected"), [(1, [1]), (3, [1, 3, 0]), (9, [1, 3, 0, 4, 2])])
def test_the_best_come_first_and_equal_ones_in_their_order(count: int, expected: list[int]) -> None:
    assert best(np.array([0.5, 0.9, 0.1, 0.9, 0.5], np.float32), count) == expected
