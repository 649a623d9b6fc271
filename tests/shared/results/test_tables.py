"""The tables of columns and answer types: names, documentation, and the effect of an added row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rsgpt_plugin.shared.answers.answer_types import TYPES, types_help
from rsgpt_plugin.shared.answers.questions import parse_questions
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer, as_text, read_answer
from rsgpt_plugin.shared.errors import QuestionError
from rsgpt_plugin.shared.results.columns import COLUMNS, columns_help, leading_columns, reserved_names, trailing_columns
from tests.new_rows import LINE, SHARE, add_rows

ROOT = Path(__file__).resolve().parents[3]
GUIDE = ROOT / "docs" / "guide" / "README.md"
RECIPES = ROOT / "CONTRIBUTING.md"
MAX_FILES = {"Add an answer type": 5, "Add a result column": 7}


def test_column_and_type_names_are_unique() -> None:
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)
    assert len({kind.name for kind in TYPES}) == len(TYPES)


def test_columns_of_results_and_of_corrections_are_reserved() -> None:
    written = {column.name for column in [*leading_columns(), *trailing_columns(batch=True)]}
    reviewed = {"corrected", "corrected_at", "checked", "checked_at", "reviewed_by"}
    assert written | {"fid", "geom", "geometry"} | reviewed == reserved_names()
    with pytest.raises(QuestionError, match="`corrected` is reserved"):
        parse_questions("corrected[text]: What is new?")


def test_the_guide_names_every_column_and_type() -> None:
    guide = GUIDE.read_text("utf-8")
    assert [c.name for c in [*leading_columns(), *trailing_columns()] if f"`{c.name}`" not in guide] == []
    assert [kind.name for kind in TYPES if f"`{kind.example}`" not in guide] == []


def test_an_added_type_is_parsed_read_and_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    add_rows(monkeypatch)
    (question,) = parse_questions(LINE)
    assert (question.type, question.line, question.prompt) == (SHARE, LINE, question.text)
    answer = read_answer(question, RawAnswer("40%", 0.9))
    assert (answer.value, read_answer(question, RawAnswer(as_text(answer.value), 0.9)).value) == (0.4, 0.4)
    assert read_answer(question, RawAnswer("some", 0.9)).problem == "'some' is not a percentage"
    assert types_help() == "text, yesno, integer, choice(a|b|c), share"
    for wrong in ("green[nosuchtype]: How much?", "green[share How much?"):
        with pytest.raises(QuestionError, match="integer, choice.*, share"):
            parse_questions(wrong)


def test_an_added_column_is_reserved_and_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.MonkeyPatch.context() as patch:
        add_rows(patch)
        with pytest.raises(QuestionError, match="`orbit` is reserved"):
            parse_questions("orbit[text]: Which orbit?")
        assert "orbit: orbit of the satellite" in columns_help()
    assert parse_questions("orbit[text]: Which orbit?")[0].name == "orbit"


@pytest.mark.parametrize("heading", MAX_FILES)
def test_the_recipes_touch_few_files(heading: str) -> None:
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", RECIPES.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert section is not None
    files = re.findall(r"^\d+\. `([^`]+)`", section[1], re.MULTILINE)
    assert 0 < len(files) <= MAX_FILES[heading]
    assert [name for name in files if not (ROOT / name).is_file()] == []
