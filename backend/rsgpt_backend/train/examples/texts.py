"""Cleaning of training sentences, and detection of those that depend on the picture's orientation."""

from __future__ import annotations

import re

_SIDES = re.compile(
    r"\b(left|right|upper|lower|top|bottom|above|below|up|down|north|south|east|west|northern|southern|eastern"
    r"|western|horizontal|horizontally|vertical|vertically|corner|corners|diagonal|diagonally|location|position)\b",
    re.IGNORECASE,
)
_COLORS = re.compile(
    r"\b(green|white|red|blue|yellow|gr[ae]y|brown|black|orange|turquoise|beige|pink|purple|violet|cream|silver|golden|tan"
    r"|olive|rusty|colou?r\w*|greenish|whitish|reddish|bluish|yellowish|gr[ae]yish|brownish|pinkish|purplish)\b",
    re.IGNORECASE,
)


def clean_sentence(text: str) -> str:
    """Return the sentence with normalized spaces, a capital first letter, and a final period."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"\s+([.,;:!?])", r"\1", text).rstrip(" .,;:") + "."
    return text[0].upper() + text[1:]


def is_oriented(text: str) -> bool:
    """Whether a sentence may become false when its picture is rotated or mirrored."""
    return bool(_SIDES.search(text))


def names_color(text: str) -> bool:
    """Whether a sentence names a color, so that it may be false for a gray picture."""
    return bool(_COLORS.search(text))
