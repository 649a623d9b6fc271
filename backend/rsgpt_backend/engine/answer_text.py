"""The end of an answer's text, and detection of repeating or empty answers."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LONGEST_PHRASE = 16  # words
_FEW_WORDS = 3  # a phrase of up to this many words may occur three times in a row in a sound sentence
_STUTTER = re.compile(r"([^\W\d_]{1,20}?)\1{3,}")


def is_degenerate(text: str) -> bool:
    """Return whether a text is empty, has no letter or digit, or repeats a part of itself several times in a row."""
    lowered = text.lower()
    words = re.findall(r"\w+", lowered)
    if not any(character.isalnum() for character in lowered) or _STUTTER.search(lowered):
        return True
    return any(_is_stuck(words, length) for length in range(1, _LONGEST_PHRASE + 1))


def until_stop(text: str, stops: Sequence[str], is_final: bool) -> tuple[str, bool]:
    """Return a text up to its first stop, and whether it contains a stop.

    is_final: no text follows. Otherwise an ending that may become a stop is left out.
    """
    for stop in stops:
        head, separator, _ = text.partition(stop)
        if separator:
            return head, True
    overlap = 0 if is_final else max((_overlap(text, stop) for stop in stops), default=0)
    return text[: len(text) - overlap], False


def _overlap(text: str, stop: str) -> int:
    """Return the length of the longest prefix of a stop that the text ends with."""
    return next((size for size in range(len(stop) - 1, 0, -1) if text.endswith(stop[:size])), 0)


def _is_stuck(words: Sequence[str], length: int) -> bool:
    """Return whether a phrase of `length` words occurs four times in a row, or three times if it is a long phrase."""
    repeats = 3 if length <= _FEW_WORDS else 2
    run = 0
    for word, later in zip(words, words[length:], strict=False):
        run = run + 1 if word == later else 0
        if run >= repeats * length:
            return True
    return False
