"""The naming stage: any query may name a word, rare words weigh more, and naming the right words lowers the loss."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from rsgpt_backend.train.naming import NamedWords

ANSWERS = [[1, 2], [1, 3], [1, 3], [1, 2], [1, 4]]
TABLE = torch.eye(6)


@pytest.fixture
def words() -> NamedWords:
    return NamedWords(ANSWERS, TABLE)


def test_words_of_a_single_answer_are_left_out(words: NamedWords) -> None:
    assert len(words) == 3  # 1, 2 and 3
    assert words.targets([[4, 5]]).tolist() == [[0.0, 0.0, 0.0]]


def test_rare_words_count_for_more(words: NamedWords) -> None:
    common, rare = math.log(6 / 5), math.log(6 / 2)
    expected = [common / (common + rare), rare / (common + rare), 0.0]
    assert words.targets([[1, 2, 2]])[0].tolist() == pytest.approx(expected)


def test_any_query_may_name_a_word(words: NamedWords) -> None:
    blank = torch.zeros(1, 3, 6)
    for place in range(3):
        queries = blank.clone()
        queries[0, place, 2] = 7.0  # the length does not matter
        assert words.loss(queries, [[2]]) < 0.1
        assert words.loss(queries, [[3]]) > 10


def test_two_queries_name_two_words_better_than_one(words: NamedWords) -> None:
    both, one = torch.zeros(1, 2, 6), torch.zeros(1, 2, 6)
    both[0, 0, 1] = both[0, 1, 2] = 1.0
    one[0, :, 2] = 1.0
    assert words.loss(both, [[1, 2]]) < words.loss(one, [[1, 2]])


def test_the_loss_can_be_minimized(words: NamedWords) -> None:
    queries = torch.randn(1, 2, 6, generator=torch.Generator().manual_seed(0)).requires_grad_()
    optimizer = torch.optim.Adam([queries], lr=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        words.loss(queries, [[3]]).backward()
        optimizer.step()
    nearest = F.normalize(queries.detach(), dim=2)[0] @ TABLE.T
    assert 3 in nearest.argmax(1).tolist()
