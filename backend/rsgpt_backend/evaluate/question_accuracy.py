"""Accuracy of answers by kind of question, in percent; exact match after normalising case, articles and numbers.

The average is over questions, not over kinds, as in the paper's table.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..data.annotations import QuestionRecord, read_questions
from ..errors import DataError
from .ask_all import AskOptions, EvaluatedModel, Scored, answer_all, spread
from .calibration import calibration
from .intervals import interval
from .report.rounding import hundredths, percent

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NUMBERS = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
}


def evaluate(engine: EvaluatedModel, images: Path, annotations: Path, manner: AskOptions) -> Scored:
    """Scores, and every answer beside the right one."""
    questions = read_questions(annotations)
    if not questions:
        raise DataError(f"{annotations} holds no questions. Give a file with some.")
    return scored(engine, images, questions, manner)


def scored(engine: EvaluatedModel, images: Path, questions: Sequence[QuestionRecord], manner: AskOptions) -> Scored:
    """Scores, and every answer beside the right one."""
    questions = spread(questions, manner.limit)
    started = time.monotonic()
    answers = answer_all(engine, images, [(one.filename, one.question) for one in questions], manner.beams, manner.grey)
    told = [
        {
            "filename": question.filename,
            "question": question.question,
            "answer": question.answer,
            "kind": question.kind,
            "given": answer.text,
            "confidence": round(answer.confidence, 4),
            "correct": normalised(answer.text) in {normalised(one) for one in (question.answer, *question.others)},
        }
        for question, answer in zip(questions, answers, strict=True)
    ]
    seconds = round(time.monotonic() - started, 1)
    return {"questions": len(questions), **summary(told), "seconds": seconds}, told


def summary(told: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Accuracy and its interval by kind and over all, and the calibration of the confidences.

    told: answers with `kind`, `filename`, `confidence` and `correct`.
    """
    kinds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in told:
        kinds[one["kind"]].append(one)
    groups = {**dict(sorted(kinds.items())), "average": list(told)}
    return {
        "accuracy": {kind: _accuracy(group) for kind, group in groups.items()},
        "intervals": {kind: _interval(group) for kind, group in groups.items()},
        "calibration": calibration([one["confidence"] for one in told], [one["correct"] for one in told]),
    }


def normalised(answer: str) -> str:
    """Lower case, no articles, no punctuation, numbers as digits."""
    words = _ARTICLES.sub(" ", re.sub(r"[^\w\s-]", " ", answer.lower())).split()
    return " ".join(_NUMBERS.get(word, word) for word in words)


def _accuracy(group: Sequence[dict[str, Any]]) -> float:
    return percent(sum(one["correct"] for one in group) / len(group))


def _interval(group: Sequence[dict[str, Any]]) -> list[float]:
    return hundredths(interval([100.0 * one["correct"] for one in group], [one["filename"] for one in group]))
