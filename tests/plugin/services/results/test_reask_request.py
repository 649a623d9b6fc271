"""Reading the questions of a row from its `prompt` column."""

from __future__ import annotations

import pytest

from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.processing.run import RunQuestions
from rsgpt_plugin.services.results.reask_request import RowQuestions, row_questions
from rsgpt_plugin.shared.answers.questions import CAPTION_PROMPT, parse_questions

CARS = "cars[integer]: How many cars?"


@pytest.mark.parametrize("language", ["", "Chinese (simplified)"])
@pytest.mark.parametrize("prompt", ["What is this?\nAnswer briefly.", ""])
def test_the_questions_that_a_run_records_are_read_back(prompt: str, language: str) -> None:
    questions = RunQuestions(ModelInfo("rsgpt-small"), tuple(parse_questions(CARS)), prompt, language=language)
    assert row_questions(questions.describe()) == RowQuestions(prompt, CARS)


def test_an_empty_prompt_column_means_a_caption() -> None:
    assert row_questions(" ") == RowQuestions(CAPTION_PROMPT)


@pytest.mark.parametrize("text", ["Is it red?; [yesno]: Is it big?", "Which; use[1]: big?"])
def test_a_recorded_question_with_a_semicolon_does_not_become_the_caption_prompt(text: str) -> None:
    line = f"answer[yesno]: {text}"
    assert row_questions(line) == RowQuestions("", line)
