"""Wordings of questions are grammatical and different from each other, and the first is the plainest."""

from __future__ import annotations

import re

import pytest

from rsgpt_backend.train.examples import prompts
from rsgpt_backend.train.examples.prompts import (
    ALTERNATIVE_PROMPTS,
    beside_prompts,
    color_prompts,
    count_prompts,
    presence_prompts,
    with_article,
)

LISTS = [name for name in vars(prompts) if name.endswith("_PROMPTS")]


def test_wordings_of_a_list_differ_and_end_with_a_mark() -> None:
    assert len(LISTS) >= 9
    for name in LISTS:
        wordings = getattr(prompts, name)
        assert len(set(wordings)) == len(wordings) > 1, name
        assert all(re.search(r"[.?]$", wording) and re.match(r"[A-Z{]", wording) for wording in wordings), name


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("trees", "Are there any trees?"),
        ("trees", "Is there a tree?"),
        ("airplanes", "Is there an airplane?"),
        ("lakes or ponds", "Is there a lake or pond?"),
        ("a church", "Is there a church?"),
        ("an intersection", "Is there an intersection?"),
        ("water", "Is there any water?"),
    ],
)
def test_presence_prompts_are_grammatical(name: str, prompt: str) -> None:
    assert prompt in presence_prompts(name)
    assert len(set(presence_prompts(name))) == len(presence_prompts(name))


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("trees", "Are there any trees?"),
        ("water", "Is there any water?"),
        ("a church", "Is there a church?"),
        ("an airport", "Is there an airport?"),
    ],
)
def test_the_first_wording_asks_for_any_or_for_one(name: str, first: str) -> None:
    assert presence_prompts(name)[0] == first


@pytest.mark.parametrize("name", ["water", "snow", "a church", "an airport"])
def test_one_thing_is_not_asked_for_in_the_plural(name: str) -> None:
    assert [prompt for prompt in presence_prompts(name) if prompt.startswith("Are")] == []
    assert [prompt for prompt in presence_prompts(name) if "any a" in prompt or "a a" in prompt] == []


def test_counts_colors_and_neighbors_name_the_object_in_every_wording() -> None:
    assert count_prompts("red cars")[0] == "How many red cars are there?"
    assert color_prompts("roof")[0] == "What color is the roof?"
    assert beside_prompts("river")[0] == "What is next to the river?"
    for wordings, noun in (
        (count_prompts("cars"), "cars"),
        (color_prompts("roof"), "roof"),
        (beside_prompts("x"), "x"),
    ):
        assert all(noun in wording for wording in wordings)
        assert len(set(wordings)) == len(wordings)
        assert not any("{" in wording for wording in wordings)


@pytest.mark.parametrize("wording", ALTERNATIVE_PROMPTS)
def test_alternatives_keep_their_order(wording: str) -> None:
    text = wording.format("a port", "an airport")
    assert 0 < text.index("a port") < text.index(" or ") < text.index("an airport")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("harbor", "a harbor"),
        ("airport", "an airport"),
        ("storage tanks", "storage tanks"),
        ("dense residential", "dense residential"),
        ("bare land", "bare land"),
        ("farmland", "farmland"),
        ("island", "island"),
        ("chaparral", "chaparral"),
    ],
)
def test_an_article_is_added_where_one_is_said(name: str, expected: str) -> None:
    assert with_article(name) == expected
