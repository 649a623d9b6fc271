"""Clean training sentences, and tell which of them depend on the picture's orientation."""

from __future__ import annotations

import re

_SIDES = re.compile(
    r"\b(left|right|upper|lower|top|bottom|above|below|up|down|north|south|east|west|northern|southern|eastern"
    r"|western|horizontal|horizontally|vertical|vertically|corner|corners|diagonal|diagonally|location|position)\b",
    re.IGNORECASE,
)


def clean_sentence(text: str) -> str:
    """One sentence: single spaces, none before punctuation, a capital first, a full stop last."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"\s+([.,;:!?])", r"\1", text).rstrip(" .,;:") + "."
    return text[0].upper() + text[1:]


def is_oriented(text: str) -> bool:
    """Whether a sentence stops being true when its picture is turned or mirrored."""
    return bool(_SIDES.search(text))
