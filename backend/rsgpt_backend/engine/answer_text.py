"""Where an answer ends, and whether it is a sentence or a stuck model's output. It judges form only, never truth."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LONGEST_PHRASE = 16  # words
_FEW_WORDS = 3  # a phrase of so few words may come three times in a row in a sound sentence
_STUTTER = re.compile(r"([^\W\d_]{1,20}?)\1{3,}")


def is_degenerate(text: str) -> bool:
    """Whether a text is empty, has no letter or digit, or repeats a part of itself over and over in a row."""
    lowered = text.lower()
    words = re.findall(r"\w+", lowered)
    if not any(character.isalnum() for character in lowered) or _STUTTER.search(lowered):
        return True
    return any(_is_stuck(words, length) for length in range(1, _LONGEST_PHRASE + 1))


def until_stop(text: str, stops: Sequence[str], whole: bool) -> tuple[str, bool]:
    """A text up to the first stop, and whether one came; what may become one is held back until the text is whole."""
    for stop in stops:
        head, found, _ = text.partition(stop)
        if found:
            return head, True
    held = 0 if whole else max((_overlap(text, stop) for stop in stops), default=0)
    return text[: len(text) - held], False


def _overlap(text: str, stop: str) -> int:
    """Length of the longest beginning of a stop that the text ends with."""
    return next((size for size in range(len(stop) - 1, 0, -1) if text.endswith(stop[:size])), 0)


def _is_stuck(words: Sequence[str], length: int) -> bool:
    """Whether a phrase of `length` words comes four times in a row, a long one three times."""
    repeats = 3 if length <= _FEW_WORDS else 2
    run = 0
    for word, later in zip(words, words[length:], strict=False):
        run = run + 1 if word == later else 0
        if run >= repeats * length:
            return True
    return False
