"""Result rows: status, reason and values by column."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.model_limits import limits_of
from rsgpt_plugin.shared.answers.questions import Question, parse_questions
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer, TypedAnswer
from rsgpt_plugin.shared.results.rows import (
    RowValues,
    RunPrompts,
    Status,
    answered_row,
    column_types,
    status_of,
)

QUESTIONS = parse_questions("water[yesno]: Is there water?\ncars[integer]: How many cars?")


@dataclass(frozen=True)
class Asked(RunPrompts):
    caption: str
    questions: tuple[Question, ...]
    language: str = ""


ASKED = Asked("Describe it.", tuple(QUESTIONS)).asked
GOOD, DOUBT, MISFIT = TypedAnswer(True, 0.9), TypedAnswer(None, None, "unclear", True), TypedAnswer(None, None, "odd")


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ([GOOD], Status.ANSWERED),
        ([GOOD, DOUBT], Status.PARTIAL),
        ([GOOD, MISFIT], Status.PARTIAL),
        ([DOUBT], Status.UNSURE),
        ([DOUBT, MISFIT], Status.UNSURE),
        ([MISFIT], Status.FAILED),
    ],
)
def test_status_distinguishes_doubt_from_replies_that_do_not_fit(answers: list[TypedAnswer], status: Status) -> None:
    assert status_of(answers) is status


def test_a_refusal_gives_a_reason_and_no_value() -> None:
    raws = [RawAnswer("A road.", 0.9), RawAnswer("It is hard to tell.", 0.8), RawAnswer("", None, problem="Gone.")]
    row = answered_row(ASKED, raws, 0.0, {})
    assert row.status is Status.PARTIAL
    assert row.reason == "water: the model cannot tell ('It is hard to tell.'); cars: Gone."
    assert [row.answers[name].value for name in ("water", "cars")] == [None, None]


def test_the_row_has_the_time_of_its_last_answer() -> None:
    times = ("2026-01-02T03:04:05.000+00:00", "2026-01-02T03:04:06.000+00:00")
    raws = [RawAnswer("A road.", 0.9, asked_at=times[0]), RawAnswer("yes", 0.8, asked_at=times[1])]
    failed = RawAnswer("", None, asked_at="2027-01-01T00:00:00.000+00:00", problem="Gone.")
    assert answered_row(ASKED, [*raws, failed], 0.0, {}).provenance["asked_at"] == times[1]
    assert answered_row(ASKED, [failed] * 3, 0.0, {}).provenance["asked_at"] is None


def test_the_row_says_which_part_of_the_model_answered() -> None:
    raws = [
        RawAnswer("A road.", 0.9, answered_by="language model"),
        RawAnswer("yes", 0.8, answered_by="classifier"),
        RawAnswer("some", 0.8, answered_by="finder"),
    ]
    text = answered_row(ASKED, raws, 0.0, {}).provenance["answered_by"]
    assert text == "caption: language model; water: classifier"
    assert answered_row(ASKED, [RawAnswer("yes", 0.9)] * 3, 0.0, {}).provenance["answered_by"] is None


def test_column_values_have_no_control_characters() -> None:
    provenance = {"model": "m\0", "raster": "\udce9"}
    row = RowValues(Status.PARTIAL, "a\0b\x1b[31m", TypedAnswer("c\x07d\ud83d", 0.5), provenance=provenance)
    values = row.by_column(QUESTIONS, batch=True)
    assert (values["reason"], values["caption"]) == ("ab[31m", "cd\ufffd")
    assert (values["model"], values["raster"]) == ("m", "\ufffd")


def test_problems_have_no_control_characters() -> None:
    (answer,) = answered_row(QUESTIONS[1:], [RawAnswer("nu\0m\x9bber", 0.9)], 0.0, {}).answers.values()
    assert answer.problem == "'number' is not one whole number"


def test_values_are_in_column_order() -> None:
    for batch in (False, True):
        assert list(RowValues(Status.FAILED).by_column(QUESTIONS, batch)) == list(column_types(QUESTIONS, batch))


def test_the_prompt_column_lists_caption_questions_and_language() -> None:
    lines = Asked("Describe it.", tuple(QUESTIONS), "French").describe().split("\n")
    assert lines == ["Describe it.", *(question.line for question in QUESTIONS), "Answer in French."]
    assert Asked("", tuple(QUESTIONS[:1])).describe() == QUESTIONS[0].line


def test_an_unusual_picture_is_a_doubt_about_an_answer() -> None:
    question = Question("water", "Is there water?", AnswerType.YESNO)
    raw = RawAnswer("yes", 0.9, is_unusual=True)
    row = answered_row([question], [raw], 0.0, {"gsd_m": 20.0}, limits=limits_of("rsgpt-small"))
    assert row.status is Status.ANSWERED
    assert row.reason == (
        "20 m per pixel is outside of the range that rsgpt-small knows well (0.05–10 m); "
        "the picture is unlike those that the model was trained on"
    )
    assert answered_row([question], [replace(raw, text="no idea")], 0.0, {}).reason.startswith("water: ")
