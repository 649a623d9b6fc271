"""The table of answer types: how each is written, asked and found by name."""

from __future__ import annotations

import pickle
import re

import pytest

from rsgpt_plugin.shared.answers import answer_types
from rsgpt_plugin.shared.answers.answer_types import TYPES, AnswerType, answer_type, type_names_pattern, types_help
from rsgpt_plugin.shared.results.columns import BOOLEAN, TEXT, WHOLE
from tests.new_rows import SHARE, add_rows

each_type = pytest.mark.parametrize("kind", TYPES, ids=lambda kind: str(kind.name))


def test_types_have_the_data_type_of_their_column() -> None:
    assert {kind.name: kind.data for kind in TYPES} == {
        "text": TEXT,
        "yesno": BOOLEAN,
        "integer": WHOLE,
        "choice": TEXT,
    }


@each_type
def test_a_type_is_found_by_its_name(kind: AnswerType) -> None:
    assert answer_type(kind.name) is kind


@pytest.mark.parametrize("name", ["", "Text", "yes/no", "number", "choice(a|b)"])
def test_another_name_finds_nothing(name: str) -> None:
    assert answer_type(name) is None


@each_type
def test_unpickling_a_type_returns_the_same_object(kind: AnswerType) -> None:
    assert pickle.loads(pickle.dumps(kind)) is kind


@each_type
def test_only_a_choice_lists_its_answers(kind: AnswerType) -> None:
    assert kind.has_choices is (kind is AnswerType.CHOICE)
    assert kind.written(("a", "b c")) == ("choice(a|b c)" if kind.has_choices else kind.name)
    assert kind.example == ("choice(a|b|c)" if kind.has_choices else kind.name)


@each_type
def test_the_prompt_is_the_question_and_the_choices_of_a_choice(kind: AnswerType) -> None:
    suffix = " Choose one of: a, {b}." if kind.has_choices else ""
    assert kind.prompt("What {is} it?", ("a", "{b}")) == "What {is} it?" + suffix


@each_type
def test_fixed_answers_are_read_as_values(kind: AnswerType) -> None:
    values = [kind.read(text, "Is it?", ()).value for text in kind.allowed]
    assert values == ([True, False] if kind is AnswerType.YESNO else [])


@each_type
def test_a_misfit_names_the_reply(kind: AnswerType) -> None:
    assert kind.misfit_message.format(text="so what").startswith("'so what' is n")


def test_only_numbers_are_numbers_and_only_text_is_translated() -> None:
    assert [kind.name for kind in TYPES if kind.is_whole_number] == ["integer"]
    assert [kind.name for kind in TYPES if kind.is_translated] == ["text"]
    assert [kind.name for kind in TYPES if kind.is_cut_readable] == ["text", "yesno"]


def test_types_compare_by_identity() -> None:
    assert AnswerType("text", "Text", TEXT, AnswerType.TEXT.read, "") != AnswerType.TEXT


@pytest.mark.parametrize("name", ["text", "yesno", "yes/no", "integer", "choice"])
def test_the_pattern_accepts_every_spelling(name: str) -> None:
    assert re.fullmatch(type_names_pattern(), name)


@pytest.mark.parametrize("name", ["", "yes", "no", "yes//no", "int", "texts"])
def test_the_pattern_accepts_nothing_else(name: str) -> None:
    assert re.fullmatch(type_names_pattern(), name) is None


def test_an_added_type_is_found_and_helped_with(monkeypatch: pytest.MonkeyPatch) -> None:
    assert types_help() == "text, yesno, integer, choice(a|b|c)"
    add_rows(monkeypatch)
    assert answer_type("share") is SHARE
    assert types_help().endswith(", share")
    assert re.fullmatch(type_names_pattern(), "share")


def test_names_with_signs_are_matched_literally(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = AnswerType("a.b", "Odd", TEXT, AnswerType.TEXT.read, "")
    monkeypatch.setattr(answer_types, "TYPES", (odd,))
    assert re.fullmatch(type_names_pattern(), "a.b")
    assert re.fullmatch(type_names_pattern(), "axb") is None
