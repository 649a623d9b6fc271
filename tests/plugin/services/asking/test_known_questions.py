"""Saved questions survive, and recent questions come from the recorded runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rsgpt_plugin.client.preferences import load, save
from rsgpt_plugin.core.paths import runs_file
from rsgpt_plugin.core.run_store import RunRequest, RunStore
from rsgpt_plugin.services.asking.known_questions import (
    MAX_RECENT,
    recent_questions,
    save_questions,
    saved_questions,
)
from rsgpt_plugin.shared.answers.questions import Question


@pytest.fixture(autouse=True)
def _app(qgis_app: object) -> None:
    runs_file().parent.mkdir(parents=True, exist_ok=True)


def test_saved_lines_that_cannot_be_read_are_left_out() -> None:
    save_questions([Question("a", "What?"), Question("b", "Where?")])
    save(replace(load(), saved_questions=(*load().saved_questions, "c[nosuch]: Why?")))
    assert [question.name for question in saved_questions()] == ["a", "b"]


def test_a_saved_line_is_one_question() -> None:
    save_questions([Question("a", "Is it red?; [yesno]: Is it big?")])
    assert saved_questions() == [Question("a", "Is it red?; [yesno]: Is it big?")]


def test_there_are_no_recent_questions_before_the_first_run() -> None:
    assert recent_questions() == []
    assert not runs_file().exists()


def test_recent_questions_are_different_and_the_latest_come_first() -> None:
    with RunStore(runs_file()) as store:
        for number in range(2 * MAX_RECENT):
            text = f"same[text]: The same?\nq[text]: Number {number}?"
            store.begin(str(number), RunRequest("rsgpt:describeraster", "x", {"QUESTIONS": text}), {})
        store.begin("none", RunRequest("rsgpt:describeraster", "x", {}), {})
    texts = [question.text for question in recent_questions()]
    assert texts[:3] == ["The same?", "Number 19?", "Number 18?"]
    assert len(texts) == MAX_RECENT


def test_recent_questions_that_differ_only_in_their_number_are_listed_once() -> None:
    with RunStore(runs_file()) as store:
        for number, text in enumerate(("Is it?\nHow?", "How?\nIs it?\n[yesno]: Is it?")):
            store.begin(str(number), RunRequest("rsgpt:describeraster", "x", {"QUESTIONS": text}), {})
    found = [(question.text, question.type.name) for question in recent_questions()]
    assert found == [("How?", "text"), ("Is it?", "text"), ("Is it?", "yesno")]
