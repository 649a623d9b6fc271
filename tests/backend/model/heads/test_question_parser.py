"""The question parser reads each question on its own, whatever the padding."""

from __future__ import annotations

import pytest
import torch

from rsgpt_backend.model.config import QuestionParserConfig
from rsgpt_backend.model.heads.question_parser import QUESTION_KINDS, TAGS, QuestionParser, normalized, tokens_of
from rsgpt_backend.model.rsgpt import Rsgpt


@pytest.fixture
def parser() -> QuestionParser:
    torch.manual_seed(1)
    return QuestionParser(QuestionParserConfig(width=8, heads=2), 6).eval()


def test_shapes(parser: QuestionParser) -> None:
    kinds, tags = parser(torch.randn(2, 5, 6), torch.ones(2, 5, dtype=torch.bool))
    assert (kinds.shape, tags.shape) == ((2, len(QUESTION_KINDS)), (2, 5, len(TAGS)))


def test_padding_changes_nothing(parser: QuestionParser) -> None:
    words = torch.randn(1, 3, 6)
    padded = torch.cat([words, torch.randn(1, 4, 6)], dim=1)
    mask = torch.tensor([[True] * 3 + [False] * 4])
    alone, beside = parser(words, mask[:, :3]), parser(padded, mask)
    assert torch.allclose(alone[0], beside[0], atol=1e-5)
    assert torch.allclose(alone[1], beside[1][:, :3], atol=1e-5)


def test_order_of_the_words_counts(parser: QuestionParser) -> None:
    words, mask = torch.randn(1, 4, 6), torch.ones(1, 4, dtype=torch.bool)
    assert not torch.allclose(parser(words, mask)[0], parser(words.flip(1), mask)[0], atol=1e-3)


def test_words_are_dropped_as_a_whole_in_training(parser: QuestionParser) -> None:
    torch.manual_seed(0)
    dropped = parser.train().drop_words(torch.ones(1, 500, 8))[0]
    kept = (dropped != 0).sum(1)
    assert set(kept.tolist()) == {0, 8}
    assert 20 <= int((kept == 0).sum()) <= 90


def test_normalized() -> None:
    assert normalized("  Where\N{RIGHT SINGLE QUOTATION MARK}s\nthe LAKE?") == "where's the lake?"


def test_tokens_point_into_the_text(toy: Rsgpt) -> None:
    text = "is there any water?"
    ((ids, spans),) = tokens_of(toy.tokenizer, [text])
    assert len(ids) == len(spans)
    assert "".join(text[start:end] for start, end in spans) == text
