"""The types that cross the engine's border. They know no HTTP, no files and no tensors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from PIL import Image

from rsgpt_plugin.shared.text import clean

FinishReason = Literal["stop", "length", "cancelled"]
# The numbers that an ask for a number chooses from.
NUMBERS = tuple(str(number) for number in (*range(101), *range(200, 1001, 100)))


@dataclass(frozen=True)
class Ask:
    """One prompt about one picture.

    image: 8-bit RGB of any size. image_key: SHA-256 of the picture, under which its features are kept.
    max_new_tokens: 0 is as many as the model is set up to write. temperature: 0 is greedy.
    top_logprobs: how many alternatives to report for each token, 0 to 20.
    beams: so many answers are followed at once and the likeliest is given; 1 is greedy, 0 as the model is set up.
    choices: the answer is the likeliest of these, whatever the settings of free answers are; none: it is free.
    is_number: the same with the whole numbers as choices, or those that are given; the answer is in digits.
    top_p: where the temperature is above 0, the share of the likeliest tokens that are drawn from. stops: texts that
    end the answer. prompt: "" asks for a caption in the model's own words.
    """

    image: Image.Image
    image_key: str
    prompt: str
    max_new_tokens: int = 0
    temperature: float = 0.0
    seed: int = 0
    top_logprobs: int = 0
    beams: int = 0
    choices: tuple[str, ...] = ()
    is_number: bool = False
    top_p: float = 1.0
    stops: tuple[str, ...] = ()
    cancel: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Token:
    """One generated token: its text, natural log probability, and the likeliest alternatives.

    A choice is one token as a whole, and the other choices are its alternatives; log probabilities are of their shares.
    """

    text: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean(self.text))
        object.__setattr__(self, "top", tuple((clean(text), logprob) for text, logprob in self.top))


@dataclass(frozen=True)
class Answer:
    """A finished answer. confidence: 0 to 1, from token probabilities; degenerate: empty or repeating text.

    Its text comes from a model, or from somebody's server: control characters are removed.
    """

    text: str
    tokens: tuple[Token, ...]
    confidence: float
    finish_reason: FinishReason
    degenerate: bool
    prompt_tokens: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean(self.text))


@dataclass(frozen=True)
class Step:
    """One event of a running batch: a token of the ask at `index`, or, at its end, its answer."""

    index: int
    token: Token | None = None
    answer: Answer | None = None


class Predictor(Protocol):
    """What the server needs of an engine; `engine.Engine` is one, the tests' fake another."""

    name: str
    weights_sha256: str
    fingerprint: str  # of everything that decides its answers, see model/fingerprint.py
    precision: str  # that it was loaded in: a name of model/precision.py
    alive: Callable[[], None]  # it calls this while it works and has nothing to tell, as in a search
    early: Callable[[Step], None] | None  # where set, it takes tokens that are known before `stream` can yield them

    def stream(self, asks: Sequence[Ask]) -> Iterator[Step]:
        """Answer a batch. Each ask ends with exactly one Step that holds an answer.

        A set `ask.cancel` ends that row before its next token, with finish_reason "cancelled".
        A failure of one row must not end the others; a failure of the batch is raised as EngineError.
        """
        ...
