"""Tell a sentence from a stuck model's output. It judges form only, never truth."""

from __future__ import annotations

from collections import Counter

_SAME_WORD = 4  # so many in a row
_SAME_PHRASE = 4  # so many times a phrase of three words


def is_degenerate(text: str) -> bool:
    """Whether a text is empty, has no letter or digit, or repeats itself."""
    words = text.lower().split()
    if not any(character.isalnum() for character in text):
        return True
    run = 1
    for before, word in zip(words, words[1:], strict=False):
        run = run + 1 if word == before else 1
        if run >= _SAME_WORD:
            return True
    phrases = Counter(zip(words, words[1:], words[2:], strict=False))
    return bool(phrases) and max(phrases.values()) >= _SAME_PHRASE
