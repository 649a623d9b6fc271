"""Separation of a model's answer from the reasoning written before it."""

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
    "assistantfinal",  # the same, if a server dropped the special tokens
)
_DROPPED = (
    *("<answer>", "</answer>", "<|begin_of_solution|>", "<|end_of_solution|>"),
    *("<|start|>assistant", "<|end|>", "<|return|>"),
)
_MARKS = (*_OPENING, *_CLOSING, *_DROPPED)
_MARK = re.compile("|".join(re.escape(mark) for mark in _MARKS), re.IGNORECASE)
_LONGEST = max(map(len, _MARKS))


def without_reasoning(text: str) -> Optional[str]:
    """Return the text after the last end of reasoning; None if the reasoning never ended."""
    reader = AnswerReader()
    reader.read(text)
    return reader.answer()


def answer_token_index(tokens: Sequence[str], answer: str) -> int:
    """Return the index of the answer's first token, so that tokens of the reasoning do not count for its confidence."""
    begin = "".join(tokens).rfind(answer.strip())
    ends = accumulate(map(len, tokens))
    return next((index for index, end in enumerate(ends) if end > begin), len(tokens))


class AnswerReader:
    """Reads a text piece by piece and passes on the pieces that belong to the answer, as far as known.

    Reasoning without an opening mark is passed on until its closing mark; `answer` leaves it out.
    """

    def __init__(self) -> None:
        self._reasons = False
        self._answer = ""
        self._is_after_reasoning = False  # after reasoning: strip white space before the answer
        self._rest = ""

    def read(self, piece: str) -> str:
        """Read the next piece; return the text to show for it and for earlier pieces."""
        text, shown = self._rest + piece, ""
        start = 0
        for mark in _MARK.finditer(text):
            shown += self._keep(text[start : mark.start()])
            start = mark.end()
            if mark[0].lower() in _CLOSING:
                shown = self._answer = ""
                self._reasons, self._is_after_reasoning = False, True
            self._reasons = self._reasons or mark[0].lower() in _OPENING
        end = len(text) - _partial_mark(text[start:])
        self._rest = text[end:]
        return shown + self._keep(text[start:end])

    def answer(self) -> Optional[str]:
        """Return the answer after the last piece; None if reasoning has not ended."""
        self._keep(self._rest)
        self._rest = ""
        return None if self._reasons else self._answer

    def _keep(self, text: str) -> str:
        if self._reasons:
            return ""
        shown = text.lstrip() if self._is_after_reasoning and not self._answer else text
        self._answer += shown
        return shown


def _partial_mark(text: str) -> int:
    """Return the length of the longest suffix that may become a mark."""
    tail = text[-_LONGEST:].lower()
    lengths = (length for length in range(len(tail), 0, -1) if any(mark.startswith(tail[-length:]) for mark in _MARKS))
    return next(lengths, 0)
