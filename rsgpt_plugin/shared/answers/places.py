"""Names of the nine parts of a picture, the answers to questions about a place."""

from __future__ import annotations

PLACES = ("top left", "top", "top right", "left", "center", "right", "bottom left", "bottom", "bottom right")


def place(x: float, y: float) -> str:
    """Return the name of the ninth of the picture that contains a point, given in 0..1 from the top left corner."""
    return PLACES[3 * min(int(y * 3), 2) + min(int(x * 3), 2)]
