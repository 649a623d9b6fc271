"""RSVQA's pairs of files, `…questions.json` and `…answers.json`, joined to records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import DataError
from ..strict_json import parse_json


def join_records(questions: list[Any], path: Path) -> list[dict[str, Any]]:
    """Return one record per active question, with file name, question, answer and type. Raises DataError.

    questions: of the file at `path`, which has the file of answers next to it. A picture's name is its number, as TIFF.
    """
    answers = _answers(path.with_name(path.name.replace("questions", "answers")), path)
    try:
        return [
            {
                "filename": f"{question['img_id']}.tif",
                "question": question["question"],
                "answer": answers[question["id"]],
                "type": question["type"],
            }
            for question in questions
            if question.get("active", True)
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: a question is incomplete ({error}). Choose an original file of RSVQA.") from error


def _answers(path: Path, questions: Path) -> dict[int, str]:
    """Return answers by the number of their question."""
    if path == questions:
        raise DataError(
            f"{questions} has no “questions” in its name, so the file of answers is unknown. Name it as RSVQA does."
        )
    try:
        answers = parse_json(path.read_text(encoding="utf-8"))["answers"]
        return {answer["question_id"]: str(answer["answer"]) for answer in answers if answer.get("active", True)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"The answers {path} cannot be read ({error}). Put the file next to {questions.name}."
        ) from error
