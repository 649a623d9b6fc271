"""Records of caption and question files.

Three layouts are read: {"annotations": [{"filename", "captions" | "question" and "answer"}]}, RSICap's
{"annotations": [{"filename", "text_input", "text_output"}]}, and RSIEval's list of
{"filename", "caption", "qa_pairs": [{"question", "answer", "type"}]}. For RSVQA's files, see rsvqa.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..strict_json import parse_json
from .rsvqa import join_records


@dataclass(frozen=True)
class CaptionRecord:
    """A picture with its reference sentences, and the scene label and prompt if the data set has them."""

    filename: str
    captions: tuple[str, ...]
    scene: str = ""
    prompt: str = ""


@dataclass(frozen=True)
class QuestionRecord:
    """A question about a picture, its answer, and the kind of question.

    others: other correct answers. choices: the answer is to be chosen from these, if there are any. gsd_m: ground
    resolution in meters per pixel of the picture, None if unknown.
    """

    filename: str
    question: str
    answer: str
    kind: str
    others: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    gsd_m: float | None = None


def read_captions(path: Path) -> list[CaptionRecord]:
    """Return all captioned pictures of a file. Raises DataError, which quotes a wrong record."""
    return [
        CaptionRecord(
            _text(record, "filename", path),
            _captions(record, path),
            str(record.get("scene", "")),
            str(record.get("text_input", "")),
        )
        for record in _records(path)
    ]


def read_questions(path: Path) -> list[QuestionRecord]:
    """Return all questions of a file but empty ones, as RSIEval's own test does. Raises DataError."""
    questions = []
    for record in _records(path):
        filename = _text(record, "filename", path)
        for pair in _listed(record, record.get("qa_pairs", [record]), dict, path):
            question, answer = _text(pair, "question", path), _text(pair, "answer", path)
            others, choices = (
                tuple(_listed(record, pair.get(key, []), str, path)) for key in ("other_answers", "choices")
            )
            kind, gsd_m = str(pair.get("type", "other")), _positive(record, "gsd_m", path)
            questions.append(QuestionRecord(filename, question, answer, kind, others, choices, gsd_m))
    return [question for question in questions if question.question.strip()]


def _records(path: Path) -> list[dict[str, Any]]:
    try:
        data = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is not a readable annotation file: {error}.") from error
    if isinstance(data, dict) and isinstance(data.get("questions"), list):
        return join_records(data["questions"], path)
    records = data.get("annotations") if isinstance(data, dict) else data
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise DataError(f"{path} has no list of annotations. Choose a caption or question file.")
    return records


def _captions(record: dict[str, Any], path: Path) -> tuple[str, ...]:
    if not record.get("captions"):
        return (_text(record, "text_output" if "text_output" in record else "caption", path),)
    return tuple(_listed(record, record["captions"], str, path))


def _listed(record: dict[str, Any], value: Any, kind: type, path: Path) -> list[Any]:
    if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
        raise DataError(f"{path}: a record has something other than a list of captions or questions: {_short(record)}")
    return value


def _text(record: dict[str, Any], key: str, path: Path) -> str:
    value = record.get(key)
    if not isinstance(value, str):
        raise DataError(
            f"{path}: a record lacks the text {key!r}. Choose a file that has it in every record: {_short(record)}"
        )
    return value


def _positive(record: dict[str, Any], key: str, path: Path) -> float | None:
    value = record.get(key)
    if value is None or (isinstance(value, int | float) and value > 0):
        return value
    raise DataError(f"{path}: {key} is not a positive number. Correct it or leave it out: {_short(record)}")


def _short(record: dict[str, Any]) -> str:
    return str(record)[:120]
