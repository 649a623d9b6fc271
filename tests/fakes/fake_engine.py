"""Fake engine without a model, which follows a script and answers with the picture's number."""

from __future__ import annotations

import base64
import json
import math
import os
import re
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rsgpt_backend.errors import EngineError, ModelError
from rsgpt_backend.predictor import Answer, Ask, Capabilities, Embedding, FinishReason, KeyedPicture, Step, Token

HANG_S = 3600.0
LONGEST = 128


@dataclass(frozen=True)
class Script:
    """Behavior of the engine. delay, token_delay, load_delay: seconds before a batch, before each token, and to load.

    reply: the answer, with {number} of the picture and {prompt}. delays, replies, faults: the same by a word in the
    prompt; faults are error, memory, hang or exit. capabilities: those of the model that differ from the defaults.
    index_width: length of the rows of the search index; they start with a vector like those of `FakeEngine.embed`.
    lacks_sentences: whether the sentence model is missing.
    """

    reply: str = "picture {number}"
    replies: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)
    delay: float = 0.0
    token_delay: float = 0.0
    load_delay: float = 0.0
    load_error: str = ""
    confidence: float = 0.9
    log: str = ""
    capabilities: dict[str, Any] = field(default_factory=dict)
    index_width: int = 0
    lacks_sentences: bool = False


def number_of(ask: Ask) -> int:
    """Return the number in a picture's center pixel, red first: (1, 2, 3) is 0x010203."""
    pixel = ask.image.getpixel((ask.image.width // 2, ask.image.height // 2))
    red, green, blue = pixel if isinstance(pixel, tuple) else (0, 0, 0)
    return int(red) << 16 | int(green) << 8 | int(blue)


class FakeEngine:
    """A Predictor that follows a Script."""

    def __init__(self, script: Script, name: str = "rsgpt-small") -> None:
        time.sleep(script.load_delay)
        if script.load_error:
            raise ModelError(script.load_error)
        self.name = name
        self.weights_sha256 = "f" * 64
        self.fingerprint = "f" * 16
        self.precision = "fp32"
        self.capabilities = Capabilities(**{"embed": True, "gsd": True, **script.capabilities})
        self.steps = 0
        self.on_heartbeat: Callable[[], None] = lambda: None
        self.early: Callable[[Step], None] | None = None
        self._script = script

    def stream(self, asks: Sequence[Ask]) -> Iterator[Step]:
        """Yield one token per row in turn, until every row has its answer."""
        for ask in asks:
            self._log(ask)
        _pause(self._delay(asks), asks, self.on_heartbeat)
        rows = {index: self._row(ask) for index, ask in enumerate(asks)}
        while rows:
            _pause(self._script.token_delay, asks)
            for index in list(rows):
                self.steps += 1
                step = next(rows[index])
                if isinstance(step, Answer):
                    del rows[index]
                yield Step(index, answer=step) if isinstance(step, Answer) else Step(index, token=step)

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """Return the answers in the order of the asks."""
        answers = {step.index: step.answer for step in self.stream(asks) if step.answer}
        return [answers[index] for index in range(len(asks))]

    def perform(self, ask: Ask) -> Answer:
        """Return the reply to a task as a finished answer; its prompt is the name of the task."""
        ask = replace(ask, prompt=ask.prompt or ask.task)
        self._log(ask)
        _pause(self._delay([ask]), [ask], self.on_heartbeat)
        _FAULTS[self._fault(ask)]()
        text = self._index_row(ask) if ask.task == "index" and self._script.index_width else self._reply(ask)
        return Answer(text, (Token(text, 0.0),), 1.0, "stop", not text, 0)

    def embed(self, items: Sequence[str | KeyedPicture]) -> list[Embedding]:
        """Return vectors of two numbers: pictures along the first axis, texts along the second."""
        words = " ".join(item for item in items if isinstance(item, str))
        _FAULTS[next((fault for word, fault in self._script.faults.items() if word in words), "")]()
        return [
            Embedding((0.0, 1.0), len(item.split())) if isinstance(item, str) else Embedding((1.0, 0.0), 1)
            for item in items
        ]

    def embed_sentences(self, texts: Sequence[str]) -> list[Embedding]:
        """Return vectors of unit length whose angle is the number of letters in degrees."""
        if self._script.lacks_sentences:
            raise ModelError("The sentence model is not installed.")
        angles = [math.radians(len(text)) for text in texts]
        return [Embedding((math.cos(angle), math.sin(angle)), 1) for angle in angles]

    def _row(self, ask: Ask) -> Iterator[Token | Answer]:
        words = re.findall(r"\s*\S+", self._reply(ask))
        tokens: list[Token] = []
        for word in words[: ask.max_new_tokens or LONGEST]:
            if ask.cancel.is_set():
                break
            alternatives = tuple((f"{word}{rank}", -1.0 - rank) for rank in range(1, ask.top_logprobs))
            top = ((word, -0.1), *alternatives) if ask.top_logprobs else ()
            tokens.append(Token(word, -0.1, top))
            yield tokens[-1]
            _FAULTS[self._fault(ask)]()
        yield self._answer(ask, tokens, len(words))

    def _answer(self, ask: Ask, tokens: list[Token], words: int) -> Answer:
        reason: FinishReason = "length" if len(tokens) < words else "stop"
        reason = "cancelled" if ask.cancel.is_set() else reason
        text = "".join(token.text for token in tokens)
        return Answer(text, tuple(tokens), self._script.confidence, reason, not text, len(ask.prompt.split()))

    def _reply(self, ask: Ask) -> str:
        replies = [reply for word, reply in self._script.replies.items() if word in ask.prompt]
        template = replies[0] if replies else self._script.reply
        return template.replace("{number}", str(number_of(ask))).replace("{prompt}", ask.prompt)

    def _index_row(self, ask: Ask) -> str:
        """Return a row as the real engine encodes it; the angle of its vector is the picture's number in seconds."""
        angle = math.radians(number_of(ask) / 3600)
        row = [math.cos(angle), math.sin(angle), *[0.5] * (self._script.index_width - 2)]
        return base64.b64encode(struct.pack(f"<{len(row)}e", *row)).decode("ascii")

    def _fault(self, ask: Ask) -> str:
        return next((fault for word, fault in self._script.faults.items() if word in ask.prompt), "")

    def _delay(self, asks: Sequence[Ask]) -> float:
        delays = [seconds for word, seconds in self._script.delays.items() if any(word in ask.prompt for ask in asks)]
        return max([self._script.delay, *delays])

    def _log(self, ask: Ask) -> None:
        if self._script.log:
            entry = {"prompt": ask.prompt, "number": number_of(ask)}
            line = json.dumps(entry if ask.gsd_m is None else {**entry, "gsd_m": ask.gsd_m})
            with Path(self._script.log).open("a", encoding="utf-8") as log:
                log.write(f"{line}\n")


def _pause(seconds: float, asks: Sequence[Ask], on_heartbeat: Callable[[], None] = lambda: None) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not all(ask.cancel.is_set() for ask in asks):
        on_heartbeat()
        time.sleep(min(0.01, seconds))


def _raise_engine_error() -> None:
    raise EngineError("The scripted model failed; ask something else.")


def _raise_memory_error() -> None:
    raise MemoryError


_FAULTS: dict[str, Callable[[], None]] = {
    "": lambda: None,
    "error": _raise_engine_error,
    "memory": _raise_memory_error,
    "hang": lambda: time.sleep(HANG_S),
    "exit": lambda: os._exit(70),
}
