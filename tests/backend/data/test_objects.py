"""Mentions of objects, counts and colors in sentences that agree."""

from __future__ import annotations

import pytest

from rsgpt_backend.data.objects import (
    COUNTED,
    OBJECTS,
    agreed,
    color_pattern,
    count_pattern,
    distinct,
    mentions,
    scene_name,
)


def named(*sentences: str) -> dict[str, int]:
    """Return the objects that are mentioned, with their counts."""
    return {name: count for name, count in mentions(sentences).items() if count}


def test_mentions_count_sentences_not_words() -> None:
    counts = named("A tree beside a tree.", "Many TREES.", "A road.")
    assert counts == {"trees": 2, "roads": 1}


def test_a_repeated_sentence_counts_once() -> None:
    assert named("Many trees.", "many  trees", "MANY TREES!", "Trees and a road.") == {"trees": 2, "roads": 1}
    assert distinct(["A b.", "c", "a B", "c"]) == ["A b.", "c"]


@pytest.mark.parametrize(
    ("sentence", "objects"),
    [
        ("Two churches.", {"a church"}),
        ("A carpet of streets.", {"roads"}),  # neither a car nor a carpet
        ("a viaduct over a stream", {"roads", "bridges", "rivers", "water"}),
        ("a mobile home park", {"buildings", "houses", "mobile homes"}),
        ("an aircraft on the runway", {"airplanes", "runways"}),
        ("a car parked in a park", {"cars", "a park"}),  # no parking lot is named
        ("nothing of note", set()),
    ],
)
def test_forms_of_an_object_are_mentions(sentence: str, objects: set[str]) -> None:
    assert set(named(sentence)) == objects


def test_mentions_include_every_object() -> None:
    assert list(mentions([])) == list(OBJECTS)
    assert set(mentions([]).values()) == {0}


@pytest.mark.parametrize(
    ("sentences", "number"),
    [
        (["There are two tennis courts.", "Two green tennis courts in a park"], "two"),
        (["There are two tennis courts.", "There are three tennis courts."], ""),
        (["There are two tennis courts.", "Some tennis courts"], ""),
        (["Two big red tennis courts", "two very old tennis courts"], ""),
        (["TWO tennis courts and TWO tennis courts"], ""),
        (["Two tennis courts"] * 5, ""),
        (["Two tennis courts", "two Tennis courts."], ""),
        (["Twenty-two tennis courts", "Some tennis courts"], ""),
    ],
)
def test_a_count_needs_two_sentences_that_agree(sentences: list[str], number: str) -> None:
    forms = dict(COUNTED)["tennis courts"]
    assert agreed(count_pattern(forms), sentences) == number


@pytest.mark.parametrize(
    ("sentences", "color"),
    [
        (["a green river", "A Green River runs"], "green"),
        (["a green river", "a brown river"], ""),
        (["green and brown rivers", "brown rivers"], "brown"),
        (["a green riverside", "a green riverside"], ""),
    ],
)
def test_a_color_needs_two_sentences_that_agree(sentences: list[str], color: str) -> None:
    assert agreed(color_pattern("river"), sentences) == color


def test_scene_name_returns_the_label_in_words() -> None:
    assert (scene_name("denseresidential"), scene_name("forest")) == ("dense residential", "forest")
