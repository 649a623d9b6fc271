"""Noun phrases are split into adjectives, noun and qualifier."""

from __future__ import annotations

import pytest

from rsgpt_backend.engine.questions.noun_phrases import NounPhrase, noun_phrase


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("the airplane", NounPhrase("airplane")),
        ("all of the storage tanks", NounPhrase("storage tanks")),
        ("two parking lots", NounPhrase("parking lots")),
        ("the two large, reddish roofs", NounPhrase("roofs", ("large", "reddish"))),
        ("a yellow-green tree", NounPhrase("yellow-green tree")),
        ("the white-roofed house", NounPhrase("house", ("white-roofed",))),
        ("the left car", NounPhrase("car", ("left",))),
        ("cars left of the road", NounPhrase("cars", (), "left of the road")),
        ("cars parked on the road", NounPhrase("cars", (), "parked on the road")),
        ("the white parked cars", NounPhrase("cars", ("white", "parked"))),
        ("different individual trees", NounPhrase("trees")),
        ("the green", NounPhrase("green")),
        ("the bare ground", NounPhrase("bare ground")),
        ("the long row of houses", NounPhrase("row", ("long",), "of houses")),
        ("", NounPhrase("")),
    ],
)
def test_parts_of_a_noun_phrase(text: str, wanted: NounPhrase) -> None:
    assert noun_phrase(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("the long row of white houses", NounPhrase("houses", ("long", "white"))),
        ("the group of three ships", NounPhrase("ships")),
        ("a body of water", NounPhrase("water")),
        ("the end of the road", NounPhrase("end", (), "of the road")),
        ("the airplane", NounPhrase("airplane")),
    ],
)
def test_group_of_things_means_the_things(text: str, wanted: NounPhrase) -> None:
    assert noun_phrase(text, is_group=True) == wanted
