"""The choices of a row's questions, and whether a value may be the answer to a question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Optional

from qgis.core import QgsField
from qgis.PyQt.QtCore import QCoreApplication

from ....geo.results.column_roles import ResultColumns
from ....geo.results.display_values import Kind, kind_of
from ....shared.answers.questions import Question, parse_questions
from ....shared.results.columns import ANSWER
from ..reask_request import row_questions

translate = QCoreApplication.translate

_TRUNCATED = 10  # characters of names in Shapefiles


def choices_of(prompt: str, asked: str) -> Optional[tuple[str, ...]]:
    """Return the choices of a question, () if it has none; None if the row was asked something else last.

    prompt: the `prompt` column of the row. asked: the name of the question, or "answer" in the layer of clicks.
    """
    questions = _questions(prompt)
    if asked == ANSWER:
        return questions[0].choices if len(questions) == 1 else ()
    return next((q.choices for q in questions if asked in (q.name, q.name[:_TRUNCATED])), None)


def asked_text(prompt: str, asked: str) -> str:
    """Return the text of a question, "" if the row was asked something else last. prompt, asked: see `choices_of`."""
    return next((q.text for q in _questions(prompt) if asked in (q.name, q.name[:_TRUNCATED])), "")


def known_choices(prompts: Iterable[str], asked: str) -> tuple[str, ...]:
    """Return all choices of a question in the prompts of a layer, () if it has none."""
    choices = (choice for prompt in dict.fromkeys(prompts) for choice in choices_of(prompt, asked) or ())
    return tuple(dict.fromkeys(choices))


def common_choices(prompts: Iterable[str], asked: str, known: Sequence[str]) -> Optional[tuple[str, ...]]:
    """Return the choices that rows with these prompts have in common, () for any text; None if there are none.

    known: the choices of the rows that were asked something else last.
    """
    found = (choices_of(prompt, asked) for prompt in dict.fromkeys(prompts))
    lists = [choices for choices in (known if own is None else own for own in found) if choices]
    if not lists:
        return ()
    return tuple(choice for choice in lists[0] if all(choice in other for other in lists)) or None


def asked_name(columns: ResultColumns, name: str) -> str:
    """Return the name of the question that the column `name` answers, "answer" in the layer of clicks."""
    found = (question.asked for question in columns.questions if question.name == name)
    return next(found, ANSWER if columns.holds_clicks else name)


def misfit(value: Any, field: QgsField, choices: Sequence[str]) -> str:
    """Return why `value` cannot be the answer in this column, "" if it can. None, for no answer, always can."""
    if value is None:
        return ""
    kind = kind_of(field)
    if kind is Kind.TEXT:
        if isinstance(value, str) and (not choices or value in choices):
            return ""
        sentence = translate("Rsgpt", "“{value}” is not one of the choices. Choose one of: {choices}.")
        return sentence.format(value=value, choices=", ".join(choices))
    fits = {
        Kind.YESNO: isinstance(value, bool),
        Kind.WHOLE: isinstance(value, int) and not isinstance(value, bool),
        Kind.DECIMAL: isinstance(value, (int, float)) and not isinstance(value, bool),
    }[kind]
    if fits:
        return ""
    sentences = {
        Kind.YESNO: translate("Rsgpt", "“{value}” is neither yes nor no. Choose one of them."),
        Kind.WHOLE: translate("Rsgpt", "“{value}” is not a whole number. Enter one."),
        Kind.DECIMAL: translate("Rsgpt", "“{value}” is not a number. Enter one."),
    }
    return sentences[kind].format(value=value)


@lru_cache(maxsize=256)
def _questions(prompt: str) -> tuple[Question, ...]:
    lines = row_questions(prompt).questions.splitlines()
    return tuple(question for line in lines for question in parse_questions(line))
