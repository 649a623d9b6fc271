"""Detailed descriptions consist of people's own sentences without repetition."""

from __future__ import annotations

from rsgpt_backend.train.examples.details import detailed_description

RIVER = "A wide river winds through a green forest."


def test_sentences_that_add_something_are_joined() -> None:
    assert detailed_description([RIVER, "Two white bridges cross it."]) == f"{RIVER} Two white bridges cross it."


def test_paraphrases_are_not_added() -> None:
    assert detailed_description([RIVER, "There is a wide river in the green forest."]) == ""
    assert detailed_description(["There is a piece of farmland.", "It is a piece of cropland."]) == ""


def test_a_repeated_sentence_gives_no_detail() -> None:
    assert detailed_description([RIVER] * 5) == ""
    assert detailed_description([]) == ""


def test_the_most_typical_sentence_comes_first() -> None:
    text = detailed_description(
        ["Two white bridges cross something.", "A river flows to town.", "A river in a town flows.", RIVER]
    )
    assert text.startswith("A river flows to town. Two white bridges")


def test_four_sentences_at_most() -> None:
    sentences = [f"{word} stand in {word}ville." for word in ("Barns", "Huts", "Mills", "Sheds", "Silos", "Tents")]
    assert detailed_description(sentences).count(".") == 4
