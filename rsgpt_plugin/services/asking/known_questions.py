"""Questions that the user can choose from: saved ones, and those of recent runs; and what the model cannot answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Optional

from ...client.backends import chosen_model
from ...client.preferences import load, save
from ...core.paths import runs_file
from ...core.run_store import RunStore
from ...errors import OutputError, QuestionError, RsgptError
from ...shared.answers.model_limits import ModelLimits
from ...shared.answers.questions import Question, parse_line, parse_questions

MAX_RECENT = 10


def saved_questions() -> list[Question]:
    """Return the saved questions that can be parsed: the settings may have been edited by hand."""
    return [question for line in load().saved_questions for question in _parsed(line, lambda text: [parse_line(text)])]


def save_questions(questions: list[Question]) -> None:
    """Replace the saved questions."""
    save(replace(load(), saved_questions=tuple(question.line for question in questions)))


def recent_questions() -> list[Question]:
    """Return up to MAX_RECENT different questions of the recorded runs, latest first. Call it on the main thread."""
    if not runs_file().is_file():
        return []
    try:
        with RunStore(runs_file()) as store:
            texts = [str(entry.request.parameters.get("QUESTIONS") or "") for entry in store.entries()]
    except OutputError:
        return []
    found: dict[Question, Question] = {}  # without the name, which is often only the position in a run
    for question in (question for text in texts for question in _parsed(text, parse_questions)):
        found.setdefault(replace(question, name=""), question)
    return list(found.values())[:MAX_RECENT]


def chosen_limits(model: str = "") -> Optional[ModelLimits]:
    """Return the limits of a model, by default the one in the options; None if they are not known."""
    try:
        return chosen_model(model).limits
    except RsgptError:
        return None


def _parsed(text: Any, parse: Callable[[str], list[Question]]) -> list[Question]:
    try:
        return parse(str(text))
    except QuestionError:
        return []
