"""What a row was asked, of what it says itself."""

from __future__ import annotations

import pytest

from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.processing.run import RunQuestions
from rsgpt_plugin.services.results.reask_request import RowQuestions, asked_before
from rsgpt_plugin.shared.answers.questions import CAPTION_PROMPT, parse_questions

CARS = "cars[integer]: How many cars?"


@pytest.mark.parametrize("language", ["", "Chinese (simplified)"])
@pytest.mark.parametrize("prompt", ["What is this?\nAnswer briefly.", ""])
def test_what_a_run_notes_is_read_back(prompt: str, language: str) -> None:
    asking = RunQuestions(ModelInfo("rsgpt-small"), tuple(parse_questions(CARS)), prompt, language=language)
    assert asked_before(asking.describe()) == RowQuestions(prompt, CARS)


def test_a_row_that_notes_nothing_was_described() -> None:
    assert asked_before(" ") == RowQuestions(CAPTION_PROMPT)
