"""Words of a caption as the Penn Treebank tokenizer of the COCO tools gives them. Captions only, no quotations."""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z0-9_]+(?:[-/][a-z0-9_]+|[.,]\d+)*|'(?:s|re|ve|ll|d|m)\b")
_SPLIT = {"cannot": ["can", "not"]}


def tokenize(text: str) -> list[str]:
    """Lower case words; punctuation is dropped, `don't` becomes `do n't`."""
    words: list[str] = []
    for chunk in text.lower().split():
        if chunk.endswith("n't") and len(chunk) > len("n't"):
            words += [chunk[: -len("n't")], "n't"]
        else:
            words += [part for word in _WORD.findall(chunk) for part in _SPLIT.get(word, [word])]
    return words
