"""Replies in tests/shared/sentences.json, each with its expected value, "unsure" or "failed"."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple, Union

from rsgpt_plugin.shared.answers.questions import Question, parse_questions

TABLE = Path(__file__).parent / "shared" / "sentences.json"
_WITHOUT_VALUE = ("unsure", "failed")


class Sentence(NamedTuple):
    """A reply with its expected value. status: of a row with only this answer."""

    question: Question
    text: str
    value: Union[str, bool, int, None]
    status: str

    def __str__(self) -> str:
        return f"{self.question.name}: {self.text[:40]!a}"


def all_sentences() -> list[Sentence]:
    """Return all replies."""
    table = json.loads(TABLE.read_text("utf-8"))
    return [_sentence(line, text, expected) for line, rows in table.items() for text, expected in rows]


def sentences_by_question() -> dict[Question, list[Sentence]]:
    """Return all replies by question."""
    sentences: dict[Question, list[Sentence]] = {}
    for sentence in all_sentences():
        sentences.setdefault(sentence.question, []).append(sentence)
    return sentences


def _sentence(line: str, text: str, expected: Union[str, bool, int]) -> Sentence:
    (question,) = parse_questions(line)
    if expected in _WITHOUT_VALUE:
        return Sentence(question, text, None, str(expected))
    return Sentence(question, text, expected, "answered")
