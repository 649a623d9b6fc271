"""Words of a caption, as the Penn Treebank tokenizer of the COCO tools returns them; quotations are not supported."""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z]+(?=n't\b)|n't\b|[a-z0-9_]+(?:[-/][a-z0-9_]+|[.,]\d+)*|'(?:s|re|ve|ll|d|m)\b")
_SPLIT = {"cannot": ["can", "not"]}


def tokenize(text: str) -> list[str]:
    """Return lower-case words without punctuation; `don't` becomes `do n't`."""
    return [part for word in _WORD.findall(text.lower()) for part in _SPLIT.get(word, [word])]
