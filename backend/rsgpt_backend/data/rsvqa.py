"""RSVQA's pairs of files, `…questions.json` and `…answers.json`, joined into records. It opens no picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import DataError
from ..strict_json import parse_json


def joined(questions: list[Any], path: Path) -> list[dict[str, Any]]:
    """One record a question that counts, with file name, question, answer and type.

    questions: those of the file at `path`; the answers lie beside it. Pictures are named by their number, as TIFF.
    """
    answers = _answers(path.with_name(path.name.replace("questions", "answers")), path)
    try:
        return [
            {
                "filename": f"{one['img_id']}.tif",
                "question": one["question"],
                "answer": answers[one["id"]],
                "type": one["type"],
            }
            for one in questions
            if one.get("active", True)
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: a question lacks its part {error}. Give RSVQA's own file.") from error


def _answers(path: Path, questions: Path) -> dict[int, str]:
    """Answer by number of its question."""
    if path == questions:
        raise DataError(f"{questions} has no “questions” in its name, so its answers are not found. Name it as RSVQA.")
    try:
        listed = parse_json(path.read_text(encoding="utf-8"))["answers"]
        return {one["question_id"]: str(one["answer"]) for one in listed if one.get("active", True)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"The answers {path} cannot be read ({error}). They belong beside {questions.name}.") from error
