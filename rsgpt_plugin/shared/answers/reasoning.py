"""Parts a model's answer from the reasoning that it wrote before it. Knows no protocol."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Optional

_NAMES = ("think", "thinking", "thought", "thoughts", "reasoning", "seed:think")
_OPENING = (
    *(f"<{name}>" for name in _NAMES),
    "[think]",
    "\u25c1think\u25b7",
    "<|begin_of_thought|>",
    "<|channel|>analysis<|message|>",
    "<|channel|>commentary<|message|>",
)
_CLOSING = (
    *(f"</{name}>" for name in _NAMES),
    "[/think]",
    "\u25c1/think\u25b7",
    "<|end_of_thought|>",
    "<|channel|>final<|message|>",
    "assistantfinal",  # the same, where a server has dropped the special tokens
)
_DROPPED = (
    *("<answer>", "</answer>", "<|begin_of_solution|>", "<|end_of_solution|>"),
    *("<|start|>assistant", "<|end|>", "<|return|>"),
)
_MARKS = (*_OPENING, *_CLOSING, *_DROPPED)
_MARK = re.compile("|".join(re.escape(mark) for mark in _MARKS), re.IGNORECASE)
_LONGEST = max(map(len, _MARKS))


def without_reasoning(text: str) -> Optional[str]:
    """The answer in a whole text: what stands after the last end of reasoning. None where reasoning never ended."""
    reader = AnswerReader()
    reader.read(text)
    return reader.answer()


def first_of_answer(tokens: Sequence[str], answer: str) -> int:
    """The index of the answer's first token: how sure the reasoning before it was says nothing of the answer."""
    begin = "".join(tokens).rfind(answer.strip())
    ends = accumulate(map(len, tokens))
    return next((index for index, end in enumerate(ends) if end > begin), len(tokens))


class AnswerReader:
    """Reads a text piece by piece, and passes on what belongs to the answer as far as that is known.

    Reasoning without a mark at its beginning is passed on until its end comes; `answer` does not have it.
    """

    def __init__(self) -> None:
        self._reasons = False
        self._answer = ""
        self._is_late = False  # some reasoning has ended, so that the answer begins without white space
        self._rest = ""

    def read(self, piece: str) -> str:
        """Take the next piece; returns what is to be shown of it and of earlier ones."""
        text, shown = self._rest + piece, ""
        start = 0
        for mark in _MARK.finditer(text):
            shown += self._keep(text[start : mark.start()])
            start = mark.end()
            if mark[0].lower() in _CLOSING:
                shown = self._answer = ""
                self._reasons, self._is_late = False, True
            self._reasons = self._reasons or mark[0].lower() in _OPENING
        begun = _begun_mark(text[start:])
        end = len(text) - begun
        self._rest = text[end:]
        return shown + self._keep(text[start:end])

    def answer(self) -> Optional[str]:
        """The answer, once all is read; None where reasoning has not ended."""
        self._keep(self._rest)
        self._rest = ""
        return None if self._reasons else self._answer

    def _keep(self, text: str) -> str:
        if self._reasons:
            return ""
        kept = text.lstrip() if self._is_late and not self._answer else text
        self._answer += kept
        return kept


def _begun_mark(text: str) -> int:
    """Length of the longest end of a text that may become a mark."""
    tail = text[-_LONGEST:].lower()
    lengths = (length for length in range(len(tail), 0, -1) if any(one.startswith(tail[-length:]) for one in _MARKS))
    return next(lengths, 0)
