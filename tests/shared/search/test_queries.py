"""Queries: phrases become sentences in the style of captions, and name things and kinds of areas."""

from __future__ import annotations

import pytest

from rsgpt_plugin.shared.search.queries import read_query
from rsgpt_plugin.shared.vocabulary.kinds import KINDS

THINGS = ("airplane", "building", "car", "mobile home", "road", "ship", "tank", "tree", "water")


@pytest.mark.parametrize(
    ("text", "things", "kinds"),
    [
        ("storage tanks", {"tank"}, set()),
        ("a beach", set(), {"beach"}),
        ("Airplanes on a runway", {"airplane"}, {"airport"}),
        ("swimming pool next to a house", set(), {"residential"}),
        ("harbour with many boats", {"ship"}, {"harbor"}),
        ("mobile home park", {"mobile home"}, {"park"}),
        ("water", {"water"}, set()),
        ("vegetation", set(), {"forest", "shrubland", "grassland", "farmland", "park", "wetland", "golf"}),
        ("something unusual", set(), set()),
        ("cars, trees; buildings!", {"car", "tree", "building"}, set()),
    ],
)
def test_what_a_query_names(text: str, things: set[str], kinds: set[str]) -> None:
    query = read_query(text, THINGS, tuple(KINDS))
    assert (set(query.things), set(query.kinds)) == (things, kinds)


def test_names_that_the_classifier_lacks_are_left_out() -> None:
    assert read_query("airplanes at an airport", ("car",), ("beach",)).kinds == ()
    assert read_query("airplanes at an airport").things == ()


@pytest.mark.parametrize("text", ["a beach", "beach", "The  beach .", "Some beach"])
def test_a_phrase_becomes_sentences(text: str) -> None:
    sentences = read_query(text).sentences
    assert len(sentences) == 8
    assert "There is a beach ." in sentences


@pytest.mark.parametrize(
    "text", ["There is a beach", "it is a beach", "many green trees and some buildings near a beach", "?"]
)
def test_a_sentence_is_taken_as_it_is(text: str) -> None:
    assert read_query(text).sentences == (text,)
