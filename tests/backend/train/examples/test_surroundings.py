"""Neighbors of objects, in the words of the sentences."""

from __future__ import annotations

import pytest

from rsgpt_backend.train.examples.surroundings import neighbors


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("A villa is surrounded by trees and a lawn.", {"villa": ("trees and lawn",)}),
        ("Many buildings are near a river.", {"buildings": ("river",), "river": ("buildings",)}),
        ("A playground is next to a parking lot and many trees.", {"playground": ("parking lot and trees",)}),
        ("Some green trees are planted around the long bridge.", {"trees": ("bridge",), "bridge": ("trees",)}),
        ("Boats on both sides of the bridge.", {"boats": ("bridge",), "bridge": ("boats",)}),
        ("A tennis court and a road.", {}),
        ("Trees near trees.", {}),
        ("The wooden house is nice.", {}),
    ],
)
def test_neighbors(sentence: str, found: dict[str, tuple[str, ...]]) -> None:
    assert neighbors([sentence]) == found


def test_the_most_frequent_neighbors_come_first() -> None:
    sentences = ["Trees are near a pond.", "A road is near a pond.", "A road is beside a pond."]
    assert neighbors(sentences)["pond"] == ("road", "trees")
