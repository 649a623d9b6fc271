"""Names of the nine parts of a picture."""

from __future__ import annotations

import pytest

from rsgpt_plugin.shared.answers.places import PLACES, place


def test_all_places_are_reached() -> None:
    assert tuple(place(x, y) for y in (0.1, 0.5, 0.9) for x in (0.1, 0.5, 0.9)) == PLACES


@pytest.mark.parametrize(
    ("x", "y", "name"),
    [(0.1, 0.1, "top left"), (0.5, 0.0, "top"), (0.99, 0.5, "right"), (0.5, 0.5, "center"), (1.0, 1.0, "bottom right")],
)
def test_places_are_the_nine_parts(x: float, y: float, name: str) -> None:
    assert place(x, y) == name
