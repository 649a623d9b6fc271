"""Typed values, confidence and degenerate text."""

from __future__ import annotations

import math
from typing import Optional

import pytest

from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.questions import Question
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer, TypedAnswer, hide_if_unsure, is_degenerate, read_answer

TEXT = Question("caption", "What?")
CHOICES = ("residential", "dense residential", "forest")


def value_of(kind: AnswerType, text: str) -> object:
    return read_answer(Question("x", "?", kind, CHOICES), RawAnswer(text, 0.5)).value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", True),
        ("Yes, there are several ships.", True),
        ("no", False),
        ("No.", False),
        ("There are many trees.", True),
        ("There are no trees.", False),
        ("There is not a tree in sight", False),
        ("it isn't", False),
        ("the trees are green", None),
        ("maybe", None),
        ("nothing", None),
    ],
)
def test_yes_and_no_are_read(text: str, expected: bool | None) -> None:
    assert value_of(AnswerType.YESNO, text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4", 4),
        ("There are 4 planes", 4),
        ("four", 4),
        ("no planes", 0),
        ("There are no planes", 0),
        ("two or three", None),
        ("4 of 4", 4),
        ("2147483647", 2**31 - 1),
        ("There are 99999999999 cars", None),
        ("99999999999999999999999", None),
        ("many", None),
    ],
)
def test_whole_numbers_are_read(text: str, expected: int | None) -> None:
    assert value_of(AnswerType.INTEGER, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Forest.", "forest"),
        ("It is a dense residential area", "dense residential"),
        ("residential", "residential"),
        ("forest or residential", None),
        ("harbour", None),
        ("deforestation", None),
    ],
)
def test_choices_are_read(text: str, expected: str | None) -> None:
    assert value_of(AnswerType.CHOICE, text) == expected


def test_text_is_kept_without_surrounding_white_space() -> None:
    assert value_of(AnswerType.TEXT, "  <b>it's</b> \u202e 'x'; [% 1 %]\0 \n") == "<b>it's</b>  'x'; [% 1 %]"


def test_a_reply_that_does_not_fit_has_a_problem() -> None:
    answer = read_answer(Question("x", "?", AnswerType.INTEGER), RawAnswer("lots of them", 0.9))
    assert answer == TypedAnswer(None, None, "'lots of them' is not one whole number")


def test_yes_confidence_is_its_share_of_yes_and_no() -> None:
    top = (("Yes", math.log(0.6)), (" no", math.log(0.2)), ("There", math.log(0.1)))
    answer = read_answer(Question("x", "?", AnswerType.YESNO), RawAnswer("Yes.", 0.1, top))
    assert answer.confidence == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("min_confidence", "value"), [(0.0, True), (0.5, True), (0.6, True), (0.61, None), (1.0, None)]
)
def test_an_answer_below_the_minimum_confidence_is_hidden(min_confidence: float, value: Optional[bool]) -> None:
    answer = hide_if_unsure(TypedAnswer(True, 0.6), min_confidence)
    assert (answer.value, answer.confidence) == (value, 0.6)
    assert answer.problem == ("" if value else "I can't tell ('yes' would be 60 % sure)")


def test_a_hidden_count_of_one_is_not_written_as_yes() -> None:
    assert hide_if_unsure(TypedAnswer(1, 0.2), 0.5).problem == "I can't tell ('1' would be 20 % sure)"


def test_an_answer_without_confidence_is_not_hidden() -> None:
    assert hide_if_unsure(TypedAnswer("road"), 1.0) == TypedAnswer("road")
    assert hide_if_unsure(TypedAnswer(None, None, "broken"), 1.0).problem == "broken"


def test_a_sentence_uses_the_confidence_of_the_reply() -> None:
    top = (("There", math.log(0.6)), ("no", math.log(0.2)))
    answer = read_answer(Question("x", "?", AnswerType.YESNO), RawAnswer("There are.", 0.4, top))
    assert answer.confidence == pytest.approx(0.4)


def test_a_server_without_probabilities_gives_no_confidence() -> None:
    assert read_answer(TEXT, RawAnswer("a city", None)) == TypedAnswer("a city", None)


@pytest.mark.parametrize(
    "text",
    ["", "  \n", ".", "???", "the the the the", "a tree, a tree, a tree, a tree", "aaaaaaaaaaaaaaaa",
     "many buildings and many buildings and many buildings and many buildings and"],
)  # fmt: skip
def test_degenerate_text_is_no_answer(text: str) -> None:
    assert is_degenerate(text)
    assert read_answer(TEXT, RawAnswer(text, 0.9)).value is None


@pytest.mark.parametrize(
    "text",
    ["a", "7", "yes", "a very very very large airplane is parked near the terminal", "there are trees and trees",
     "many cars are parked in a parking lot near many other cars in another parking lot", "1000000000000"],
)  # fmt: skip
def test_other_text_is_not_degenerate(text: str) -> None:
    assert not is_degenerate(text)


def test_a_text_that_the_server_calls_degenerate_has_no_value() -> None:
    assert read_answer(TEXT, RawAnswer("fine words", 0.9, degenerate=True)).value is None


def test_a_long_text_is_checked_quickly() -> None:
    assert not is_degenerate(" ".join(f"word{number}" for number in range(20000)))


@pytest.mark.parametrize("kind", [AnswerType.TEXT, AnswerType.YESNO])
def test_a_cut_answer_keeps_its_value_and_has_a_problem(kind: AnswerType) -> None:
    answer = read_answer(Question("q", "?", kind), RawAnswer("yes, many trees and", 0.5, is_cut=True))
    assert answer.value is not None
    assert "cut off" in answer.problem


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (AnswerType.INTEGER, "There are 1", None),
        (AnswerType.INTEGER, "5", None),
        (AnswerType.INTEGER, "There are 12.\nSome of them stand near the", 12),
        (AnswerType.INTEGER, "12\n\nThe cars stand near the", 12),
        (AnswerType.CHOICE, "It is forest or", None),
        (AnswerType.CHOICE, "It is forest. There", "forest"),
    ],
)
def test_a_cut_number_or_choice_is_read_from_complete_sentences(kind: AnswerType, text: str, value: object) -> None:
    answer = read_answer(Question("q", "?", kind, CHOICES), RawAnswer(text, 0.5, is_cut=True))
    assert (answer.value, bool(answer.problem)) == (value, True)
