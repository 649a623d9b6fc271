"""The text of the column that says which part of a model answered."""

from __future__ import annotations

from rsgpt_plugin.shared.answers.answered_by import (
    CLASSIFIER,
    FINDER,
    LANGUAGE_MODEL,
    answered_by,
    answered_by_text,
    merged_text,
)

TEXT = "cars: finder; water: classifier; roof: language model"


def test_the_text_names_the_questions_whose_answerer_is_known() -> None:
    parts = {"cars": FINDER, "water": CLASSIFIER, "q3": "", "roof": LANGUAGE_MODEL}
    assert answered_by_text(parts) == TEXT
    assert answered_by_text({"cars": ""}) == ""


def test_the_part_of_a_question_is_read() -> None:
    assert [answered_by(TEXT, name) for name in ("cars", "roof", "car")] == [FINDER, LANGUAGE_MODEL, ""]
    assert answered_by("", "cars") == ""


def test_the_parts_of_some_questions_are_replaced() -> None:
    new = "cars: language model; water: finder; boats: finder"
    merged = merged_text(TEXT, new, ["cars", "boats", "roof"])
    assert merged == "cars: language model; water: classifier; boats: finder"
    assert (merged_text("", new, ["boats"]), merged_text(TEXT, "", [])) == ("boats: finder", TEXT)
