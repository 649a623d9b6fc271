"""Reading of RSVQA's original files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.data.annotations import QuestionRecord, read_questions
from rsgpt_backend.errors import DataError

QUESTIONS: list[dict[str, Any]] = [
    {"id": 0, "img_id": 7, "type": "presence", "question": "Is a road present?", "answers_ids": [0], "active": True},
    {"id": 1, "img_id": 7, "type": "count", "question": "How many roads?", "answers_ids": [1], "active": True},
    {"id": 2, "active": False},
]
ANSWERS = [
    {"id": 0, "question_id": 0, "answer": "yes", "active": True},
    {"id": 1, "question_id": 1, "answer": "between 1 and 10", "active": True},
    {"id": 2, "active": False},
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "LR_split_test_answers.json").write_text(json.dumps({"answers": ANSWERS}))
    written = tmp_path / "LR_split_test_questions.json"
    written.write_text(json.dumps({"questions": QUESTIONS}))
    return written


def test_active_questions_get_their_answers(path: Path) -> None:
    assert read_questions(path) == [
        QuestionRecord("7.tif", "Is a road present?", "yes", "presence"),
        QuestionRecord("7.tif", "How many roads?", "between 1 and 10", "count"),
    ]


def test_a_missing_file_of_answers_is_refused(path: Path) -> None:
    path.with_name("LR_split_test_answers.json").unlink()
    with pytest.raises(DataError, match=r"answers\.json cannot be read.*next to LR_split_test_questions\.json"):
        read_questions(path)


def test_a_question_without_an_answer_is_refused(path: Path) -> None:
    path.with_name("LR_split_test_answers.json").write_text('{"answers": []}')
    with pytest.raises(DataError, match=r"a question is incomplete \(0\)"):
        read_questions(path)


def test_a_file_with_another_name_is_refused(path: Path) -> None:
    renamed = path.rename(path.with_name("test.json"))
    with pytest.raises(DataError, match="has no “questions” in its name"):
        read_questions(renamed)
