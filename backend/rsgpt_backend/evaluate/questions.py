"""Accuracy of answers by kind of question, in percent; exact match after normalising case, articles and numbers.

The average is over questions, not over kinds, as in the paper's table.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from ..data.annotations import read_questions
from ..engine import Engine
from ..errors import DataError
from .ask_all import answer_all, spread

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NUMBERS = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
}


def evaluate(
    engine: Engine, images: Path, annotations: Path, limit: int | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Scores, and every answer beside the right one."""
    questions = spread(read_questions(annotations), limit)
    if not questions:
        raise DataError(f"{annotations} holds no questions. Give a file with some.")
    started = time.monotonic()
    answers = answer_all(engine, images, [(question.filename, question.question) for question in questions])
    right: dict[str, list[bool]] = defaultdict(list)
    told = []
    for question, answer in zip(questions, answers, strict=True):
        correct = normalised(answer.text) == normalised(question.answer)
        right[question.kind].append(correct)
        told.append({**vars(question), "given": answer.text, "correct": correct})
    every = [correct for kind in right.values() for correct in kind]
    accuracy = {kind: _percent(values) for kind, values in sorted(right.items())}
    scores = {
        "questions": len(questions),
        "accuracy": {**accuracy, "average": _percent(every)},
        "seconds": round(time.monotonic() - started, 1),
    }
    return scores, told


def normalised(answer: str) -> str:
    """Lower case, no articles, no punctuation, numbers as digits."""
    words = _ARTICLES.sub(" ", re.sub(r"[^\w\s-]", " ", answer.lower())).split()
    return " ".join(_NUMBERS.get(word, word) for word in words)


def _percent(values: list[bool]) -> float:
    return round(100 * sum(values) / len(values), 2)
