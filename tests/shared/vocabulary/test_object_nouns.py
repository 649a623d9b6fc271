"""Synonyms, plurals and articles are understood; other nouns are refused with the known ones."""

from __future__ import annotations

import pytest

from rsgpt_backend.errors import QuestionError
from rsgpt_plugin.shared.vocabulary.object_nouns import label_of, labels_of, plural

LABELS = ("airplane", "building", "car", "ship", "tree")


@pytest.mark.parametrize(
    ("noun", "label"),
    [
        ("airplane", "airplane"), ("Planes", "airplane"), (" aircraft ", "airplane"), ("the jets", "airplane"),
        ("houses", "building"), ("a house", "building"), ("vehicles", "car"), ("all the cars", "car"),
        ("boat", "ship"), ("ships", "ship"), ("trees", "tree"), ("tree  crowns", "tree"),
        ("bus", None), ("", None), ("planet", None), ("a", None),
    ],
)  # fmt: skip
def test_label_of_a_noun(noun: str, label: str | None) -> None:
    assert label_of(noun, LABELS) == label


def test_labels_that_have_no_synonyms() -> None:
    assert label_of("storage tanks", ("storage tank",)) == "storage tank"
    assert label_of("boats", ("car",)) is None


@pytest.mark.parametrize(
    ("one", "many"),
    [("car", "cars"), ("ferry", "ferries"), ("highway", "highways"), ("bus", "buses"), ("aircraft",) * 2],
)
def test_plural(one: str, many: str) -> None:
    assert plural(one) == many


def test_an_unknown_noun_is_refused_with_the_list() -> None:
    assert labels_of(["boats", "car"], LABELS) == ["ship", "car"]
    with pytest.raises(QuestionError, match="cannot find “zebra”. It finds: airplane, building, car, ship, tree"):
        labels_of(["cars", "zebra"], LABELS)
