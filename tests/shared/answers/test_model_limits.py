"""The built-in model refuses what no picture can tell it, and lets questions pass that it can answer."""

from __future__ import annotations

import pytest

from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.model_limits import BUILT_IN, ModelLimits, is_english, limits_of
from rsgpt_plugin.shared.answers.questions import CAPTION_PROMPT, DETAIL_PROMPT, Question, parse_question
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer
from rsgpt_plugin.shared.results.columns import CAPTION
from rsgpt_plugin.shared.results.rows import Status, answered_row

from .analyst_sentences import ANSWERABLE, LOOKS_UNANSWERABLE, NOT_ANSWERABLE


@pytest.fixture
def limits() -> ModelLimits:
    limits = limits_of(BUILT_IN)
    assert limits is not None
    return limits


def test_no_answerable_question_is_refused(limits: ModelLimits) -> None:
    assert len(ANSWERABLE) == 50
    assert [text for text in (*ANSWERABLE, CAPTION_PROMPT, DETAIL_PROMPT) if limits.refusal(Question("q", text))] == []


def test_questions_without_an_answer_in_the_picture_are_refused(limits: ModelLimits) -> None:
    assert len(NOT_ANSWERABLE) == 50
    assert [text for text in NOT_ANSWERABLE if not limits.refusal(Question("q", text))] == []


def test_what_only_looks_unanswerable_passes(limits: ModelLimits) -> None:
    assert len(LOOKS_UNANSWERABLE) > 60
    assert [line for line in LOOKS_UNANSWERABLE if limits.refusal(parse_question(line))] == []


def test_questions_that_only_mention_a_kind_differ_by_their_type(limits: ModelLimits) -> None:
    for text in ("Will the ship hit the pier?", "Has the field grown?", "Is it larger than 3 hectares?"):
        assert limits.refusal(Question("q", text))
        assert limits.refusal(Question("q", text, AnswerType.YESNO)) == ""
    reason = "Why is the field empty?"
    assert limits.refusal(Question("q", reason, AnswerType.YESNO))
    assert limits.refusal(Question("q", reason, AnswerType.CHOICE, ("harvest", "fire"))) == ""
    assert limits.refusal(Question("q", "Gibt es hier Wasser?", AnswerType.CHOICE, ("ja", "nein")))
    assert limits.refusal(Question(CAPTION, reason)) == ""


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("Why is it red?", "cannot tell a reason"),
        ("这里有水吗?", "understands only English"),
        ("Which brand are the cars?", "cannot tell a name"),
    ],
)
def test_the_reason_says_what_cannot_be_answered(limits: ModelLimits, question: str, reason: str) -> None:
    assert f"rsgpt-small {reason}" in limits.refusal(Question("q", question))


@pytest.mark.parametrize("text", ["", "42?", "harbor", "Is the café at the Plaza Mayor open?", "cars"])
def test_short_and_borrowed_words_pass_as_english(text: str) -> None:
    assert is_english(text)


@pytest.mark.parametrize("text", ["Wo sind die Boote?", "Où est le bateau ?", "Onde estão os barcos?", "القوارب؟"])
def test_other_languages_are_recognized(text: str) -> None:
    assert not is_english(text)


def test_a_picture_far_from_the_training_is_doubtful(limits: ModelLimits) -> None:
    assert limits.doubts() == limits.doubts(0.0, 64) == limits.doubts(0.05, 256) == limits.doubts(10.2) == ""
    assert limits.doubts(15.004) == "15 m per pixel is outside of the range that rsgpt-small knows well (0.05–10 m)"
    small = "the picture has only 12 pixels per side; rsgpt-small needs about 64; 0.01"
    assert limits.doubts(0.01, 12).startswith(small)


def test_rows_state_the_limits_and_keep_other_answers(limits: ModelLimits) -> None:
    questions = [Question(CAPTION, "Why?"), Question("a", "What is it?"), Question("b", "Why is it?")]
    raws = [RawAnswer(f"A {number}.", 0.9) for number in range(3)]
    row = answered_row(questions, raws, 0.0, {"gsd_m": 20.0}, limits=limits)
    assert row.status is Status.PARTIAL
    assert row.caption is not None
    assert (row.caption.value, row.answers["a"].value, row.answers["b"].value) == ("A 0.", "A 1.", None)
    assert row.reason.startswith("b: rsgpt-small cannot tell a reason from a picture; 20 m per pixel")
    assert answered_row(questions, raws, 0.0, {"gsd_m": 20.0}).status is Status.ANSWERED
    only = answered_row(questions[2:], raws[2:], 0.0, {"gsd_m": 1.0}, limits=limits)
    assert (only.status, only.reason) == (Status.UNSURE, "b: rsgpt-small cannot tell a reason from a picture")


def test_other_models_have_no_known_limits() -> None:
    assert limits_of("rsgpt-7b") is None
