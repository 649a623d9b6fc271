"""Training sentences are cleaned, and those that depend on the orientation are detected."""

from __future__ import annotations

import pytest

from rsgpt_backend.train.examples.texts import clean_sentence, is_oriented


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("There is a piece of farmland .", "There is a piece of farmland."),
        ("many  green\ttrees ,\n and a road", "Many green trees, and a road."),
        (" it is a river;.", "It is a river."),
        ("A road. A house", "A road. A house."),
        ("x", "X."),
    ],
)
def test_clean_sentence(raw: str, clean: str) -> None:
    assert clean_sentence(raw) == clean
    assert clean_sentence(clean) == clean


@pytest.mark.parametrize(
    "text",
    [
        "A house on the left.",
        "the Upper part",
        "cars north of the road",
        "trees in the corner",
        "What is the location of the planes?",
        "a road goes diagonally",
        "two vertical runways",
        "the bridge above the river",
    ],
)
def test_oriented(text: str) -> None:
    assert is_oriented(text)


@pytest.mark.parametrize(
    "text",
    [
        "Many trees are around a playground.",
        "A house next to a road.",
        "The leftover land is bright.",
        "Updated buildings and rooftops.",
        "A road between two rivers",
    ],
)
def test_not_oriented(text: str) -> None:
    assert not is_oriented(text)
