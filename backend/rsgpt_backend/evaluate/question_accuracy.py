"""Accuracy of answers by kind of question, in percent: exact match after normalizing case, articles, and numbers.

The average is over questions, not over kinds, as in the table of the paper.
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
from .ask_all import AskOptions, EvaluatedModel, PicturePrompt, Scored, answer_all, spread
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


def evaluate(engine: EvaluatedModel, images: Path, annotations: Path, options: AskOptions) -> Scored:
    """Return the scores, and each answer with the correct one. Raises DataError if there are no questions."""
    questions = read_questions(annotations)
    if not questions:
        raise DataError(f"{annotations} holds no questions. Give a file with some.")
    return score_questions(engine, images, questions, options)


def score_questions(
    engine: EvaluatedModel, images: Path, questions: Sequence[QuestionRecord], options: AskOptions
) -> Scored:
    """Return the scores, and each answer with the correct one."""
    questions = spread(questions, options.limit)
    started = time.monotonic()
    prompts = [PicturePrompt(asked.filename, asked.question, asked.choices, asked.gsd_m) for asked in questions]
    answers = answer_all(engine, images, prompts, options.beams, options.grey)
    rows = [
        {
            "filename": question.filename,
            "question": question.question,
            "answer": question.answer,
            "kind": question.kind,
            "given": answer.text,
            "form": answer.form,
            "confidence": round(answer.confidence, 4),
            "correct": normalized(answer.text) in {normalized(text) for text in (question.answer, *question.others)},
        }
        for question, answer in zip(questions, answers, strict=True)
    ]
    seconds = round(time.monotonic() - started, 1)
    return {"questions": len(questions), **summary(rows), "seconds": seconds}, rows


def summary(answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return accuracy and interval by kind and on average, and the calibration of the confidences.

    answers: with the keys `kind`, `filename`, `confidence`, and `correct`.
    """
    kinds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for answer in answers:
        kinds[answer["kind"]].append(answer)
    groups = {**dict(sorted(kinds.items())), "average": list(answers)}
    return {
        "accuracy": {kind: _accuracy(group) for kind, group in groups.items()},
        "intervals": {kind: _interval(group) for kind, group in groups.items()},
        "calibration": calibration(
            [answer["confidence"] for answer in answers], [answer["correct"] for answer in answers]
        ),
    }


def normalized(answer: str) -> str:
    """Return an answer in lower case, without articles and punctuation, with number words as digits."""
    words = _ARTICLES.sub(" ", re.sub(r"[^\w\s-]", " ", answer.lower())).split()
    return " ".join(_NUMBERS.get(word, word) for word in words)


def _accuracy(group: Sequence[dict[str, Any]]) -> float:
    return percent(sum(answer["correct"] for answer in group) / len(group))


def _interval(group: Sequence[dict[str, Any]]) -> list[float]:
    return hundredths(
        interval([100.0 * answer["correct"] for answer in group], [answer["filename"] for answer in group])
    )
