"""A row collects tokens into text and confidence, holds back incomplete characters and stops, and refuses NaN."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from rsgpt_backend.engine.answer_row import AnswerRow
from rsgpt_backend.errors import EngineError
from rsgpt_backend.model.decoding.generation import ChosenToken
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.predictor import Answer, Ask
from tests.backend.toy import BOS, EOS, QUERIES, ask

PROMPT_TOKENS = 7
HALF = math.log(0.5)


def ids_of(toy: Rsgpt, text: str) -> list[int]:
    ids: list[int] = toy.tokenizer(text, add_special_tokens=False).input_ids
    return ids


def chosen(token: int, logprob: float = HALF, top: Sequence[tuple[int, float]] = ()) -> ChosenToken:
    return ChosenToken(0, token, logprob, tuple(top))


def row_of(toy: Rsgpt, text: str, question: Ask | None = None) -> tuple[AnswerRow, list[str]]:
    """Return a row after a text, and the pieces that it returned."""
    row = AnswerRow(toy, question or ask(max_new_tokens=200), PROMPT_TOKENS)
    return row, [row.add(chosen(token)).text for token in ids_of(toy, text)]


def test_pieces_make_up_the_text_of_the_answer(toy: Rsgpt) -> None:
    row, pieces = row_of(toy, " many green trees")
    answer = row.finish("stop")
    assert answer.text == "".join(pieces) == "many green trees"
    assert [token.text for token in answer.tokens] == pieces
    assert (answer.finish_reason, answer.degenerate) == ("stop", False)


def test_an_answer_counts_the_tokens_of_prompt_and_picture(toy: Rsgpt) -> None:
    assert row_of(toy, "gray")[0].finish("stop").prompt_tokens == PROMPT_TOKENS + QUERIES


def test_a_row_without_tokens_has_an_empty_answer(toy: Rsgpt) -> None:
    answer = AnswerRow(toy, ask(), PROMPT_TOKENS).finish("cancelled")
    assert answer == Answer("", (), 0.0, "cancelled", True, PROMPT_TOKENS + QUERIES)


def test_a_row_is_full_at_its_limit(toy: Rsgpt) -> None:
    row = AnswerRow(toy, ask(max_new_tokens=2), PROMPT_TOKENS)
    token, fullness = chosen(ids_of(toy, "gray")[0]), [row.full]
    for _ in range(2):
        row.add(token)
        fullness.append(row.full)
    assert fullness == [False, False, True]


def test_special_tokens_have_no_text(toy: Rsgpt) -> None:
    row = AnswerRow(toy, ask(), PROMPT_TOKENS)
    ids = [BOS, *ids_of(toy, "gray"), EOS]
    pieces = [row.add(chosen(token)).text for token in ids]
    assert (pieces[0], pieces[-1], row.finish("stop").text) == ("", "", "gray")


def test_an_incomplete_character_is_held_back(toy: Rsgpt) -> None:
    row, pieces = row_of(toy, "a树")
    assert pieces == ["a", "", "", "树"]
    assert row.finish("stop").text == "a树"


def test_an_incomplete_character_at_the_limit_is_replaced(toy: Rsgpt) -> None:
    row = AnswerRow(toy, ask(max_new_tokens=2), PROMPT_TOKENS)
    pieces = [row.add(chosen(token)).text for token in ids_of(toy, "a树")[:2]]
    assert pieces == ["a", "\N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize("is_of_the_ask", [True, False])
def test_text_ends_before_a_stop(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch, is_of_the_ask: bool) -> None:
    if not is_of_the_ask:
        monkeypatch.setattr(toy, "config", replace(toy.config, language=replace(toy.config.language, stops=("###",))))
    question = ask(max_new_tokens=200, stops=("###",) if is_of_the_ask else ("unused",))
    row, pieces = row_of(toy, " a road## no", question)
    assert (row.stopped, "".join(pieces)) == (False, "a road## no")
    row, pieces = row_of(toy, " a road### no", question)
    assert (row.stopped, "".join(pieces)) == (True, "a road")
    assert row.finish("stop").text == "a road"


def test_the_start_of_a_stop_is_held_back_until_it_is_text(toy: Rsgpt) -> None:
    question = ask(max_new_tokens=200, stops=("###",))
    row, pieces = row_of(toy, "a##", question)
    assert "".join(pieces) == "a"
    assert row.finish("length").text == "a##"


def test_a_token_has_the_requested_number_of_alternatives(toy: Rsgpt) -> None:
    yes, no, gray = (ids_of(toy, text)[0] for text in (" yes", " no", "gray"))
    top = [(yes, -0.1), (no, -2.0), (gray, -3.0)]
    token = AnswerRow(toy, ask(top_logprobs=2), PROMPT_TOKENS).add(chosen(yes, -0.1, top))
    assert token.top == ((toy.tokenizer.decode([yes]), -0.1), (toy.tokenizer.decode([no]), -2.0))
    assert AnswerRow(toy, ask(), PROMPT_TOKENS).add(chosen(yes, -0.1, top)).top == ()


def test_confidence_is_the_mean_of_the_tokens(toy: Rsgpt) -> None:
    row = AnswerRow(toy, ask(), PROMPT_TOKENS)
    for token, share in zip(ids_of(toy, "树"), (0.5, 0.25, 0.125), strict=True):
        row.add(chosen(token, math.log(share)))
    assert row.finish("stop").confidence == pytest.approx(0.25)


def test_confidence_of_yes_needs_no_requested_alternatives(toy: Rsgpt) -> None:
    yes, no = (ids_of(toy, text) for text in (" yes", " no"))
    assert (len(yes), len(no)) == (1, 1)
    row = AnswerRow(toy, ask(top_logprobs=0), PROMPT_TOKENS)
    row.add(chosen(yes[0], math.log(0.6), [(yes[0], math.log(0.6)), (no[0], math.log(0.2))]))
    assert row.finish("stop").confidence == pytest.approx(0.75)


def test_confidence_is_calibrated_by_the_form_of_the_answer(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy, "config", replace(toy.config, calibration={"phrase": (2.0, 0.0), "sentence": (9.0, 9.0)}))
    row = AnswerRow(toy, ask(), PROMPT_TOKENS)
    for token in ids_of(toy, "gray"):
        row.add(chosen(token, math.log(0.8)))
    assert row.finish("stop").confidence == pytest.approx(16 / 17)


def test_a_repeating_answer_is_degenerate(toy: Rsgpt) -> None:
    assert row_of(toy, " gray gray gray gray gray")[0].finish("stop").degenerate


def test_a_choice_is_the_answer_as_one_token(toy: Rsgpt) -> None:
    row = AnswerRow(toy, ask(choices=("gray", "a road"), top_logprobs=1), PROMPT_TOKENS)
    token = row.choose([math.log(0.1), math.log(0.3)])
    answer = row.finish("stop")
    assert (token.text, answer.text, answer.tokens) == ("a road", "a road", (token,))
    assert [answer.confidence, math.exp(token.logprob)] == pytest.approx([0.75, 0.75])
    assert ([text for text, _ in token.top], answer.degenerate) == (["a road"], False)


def test_a_choice_that_was_not_scored_has_no_chance(toy: Rsgpt) -> None:
    row = AnswerRow(toy, ask(choices=("gray", "a road")), PROMPT_TOKENS)
    assert row.choose([-math.inf, -5.0]).text == "a road"
    assert row.finish("stop").confidence == 1.0


@pytest.mark.parametrize("logprob", [math.nan, math.inf, -math.inf])
def test_a_token_without_a_finite_probability_is_an_error(toy: Rsgpt, logprob: float) -> None:
    row = AnswerRow(toy, ask(), PROMPT_TOKENS)
    with pytest.raises(EngineError, match="NaN or infinity for this picture. Check the model with `rsgpt doctor`"):
        row.add(chosen(5, logprob))


@pytest.mark.parametrize("logprob", [math.nan, math.inf])
def test_a_choice_without_a_finite_probability_is_an_error(toy: Rsgpt, logprob: float) -> None:
    row = AnswerRow(toy, ask(choices=("gray", "a road")), PROMPT_TOKENS)
    with pytest.raises(EngineError, match="NaN or infinity"):
        row.choose([-1.0, logprob])
