"""The types that the server and the commands exchange with the engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from PIL import Image

from rsgpt_plugin.shared.model_abilities import ClassifierInfo, FinderInfo
from rsgpt_plugin.shared.text import clean

FinishReason = Literal["stop", "length", "cancelled"]
TASKS = ("find", "find_window", "index", "show")  # what an ask may want instead of an answer, see engine/tasks.py
# The choices of an ask for a number.
NUMBERS = tuple(str(number) for number in (*range(101), *range(200, 1001, 100)))


@dataclass(frozen=True)
class Ask:
    """One prompt about one picture.

    image: 8-bit RGB of any size.
    image_key: SHA-256 of the picture, the key of its cached features.
    prompt: "" asks for a caption with the model's own caption prompt.
    max_new_tokens: 0 uses the limit of the model's config.
    temperature: 0 is greedy.
    top_logprobs: number of alternatives to report per token, 0 to 20.
    beams: width of the beam search; 1 is greedy, 0 uses the model's config.
    choices: if not empty, the answer is the likeliest of these texts and the settings of free answers are ignored.
    is_whole_number: the answer is a whole number in digits, one of `choices` or, if they are empty, of NUMBERS.
    top_p: cumulative probability of the tokens that are sampled from if the temperature is above 0.
    stops: texts that end the answer.
    gsd_m: ground meters per pixel of `image`, None if unknown.
    task: one of TASKS, "" to answer.
    cancel: when set, the answer ends before its next token.
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
    is_whole_number: bool = False
    top_p: float = 1.0
    stops: tuple[str, ...] = ()
    gsd_m: float | None = None
    task: str = ""
    cancel: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Token:
    """One generated token: its text, natural log probability, and the likeliest alternatives, likeliest first.

    A choice is reported as a single token whose alternatives are the choices; their probabilities sum to 1. An
    answer of the finder is a single token, too, and its own only alternative.
    """

    text: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean(self.text))
        object.__setattr__(self, "top", tuple((clean(text), logprob) for text, logprob in self.top))


@dataclass(frozen=True)
class Answer:
    """A finished answer. confidence: 0 to 1, from token probabilities; degenerate: the text is empty or repeats itself.

    form: the kind of answer whose calibration scale applies to its confidence, see engine/confidence.py; "" if unknown.
    is_unusual: whether the picture is far from the training pictures.
    answered_by: the part of the model that had the last word, one of shared/answers/answered_by.py; "" if unknown.
    Control characters are removed from the text, which comes from a model or from a remote server.
    """

    text: str
    tokens: tuple[Token, ...]
    confidence: float
    finish_reason: FinishReason
    degenerate: bool
    prompt_tokens: int
    form: str = ""
    is_unusual: bool = False
    answered_by: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean(self.text))


@dataclass(frozen=True)
class Step:
    """One event of a running batch: a token of the ask at `index`, or its finished answer."""

    index: int
    token: Token | None = None
    answer: Answer | None = None


@dataclass(frozen=True)
class Capabilities:
    """What a model can do beyond answering prompts.

    find: it locates objects; embed: it has vectors for pictures and texts; gsd: its answers use the ground resolution.
    """

    find: bool = False
    embed: bool = False
    gsd: bool = False
    finder: FinderInfo | None = None
    classifier: ClassifierInfo | None = None


@dataclass(frozen=True)
class Embedding:
    """vector: of unit length, comparable by its dot product with those of the same model. tokens: that were read."""

    vector: tuple[float, ...]
    tokens: int


@dataclass(frozen=True)
class Classification:
    """Probabilities: of each thing of a classifier that it is present, and of each kind of area."""

    things: tuple[float, ...] = ()
    kinds: tuple[float, ...] = ()


@dataclass(frozen=True)
class KeyedPicture:
    """A picture that gets a vector. image, image_key, gsd_m: as in Ask."""

    image: Image.Image
    image_key: str
    gsd_m: float | None = None


class Predictor(Protocol):
    """The interface of an engine as the server uses it; implemented by `engine.Engine` and by the tests' fake."""

    name: str
    weights_sha256: str
    fingerprint: str  # see model/fingerprint.py
    precision: str  # precision of the loaded model, a key of model/hardware/precision.NAMES
    capabilities: Capabilities
    on_heartbeat: Callable[[], None]  # heartbeat: called while the engine works without yielding, as in a beam search
    early: Callable[[Step], None] | None  # if set, receives tokens that are certain before `stream` can yield them

    def stream(self, asks: Sequence[Ask]) -> Iterator[Step]:
        """Answer a batch. The last Step of each ask holds its answer; no other does.

        If `ask.cancel` is set, its answer ends before the next token, with finish_reason "cancelled".
        A failure of one row must not end the others. Raises EngineError if the whole batch fails.
        """
        ...

    def perform(self, ask: Ask) -> Answer:
        """Return the result of the task of an ask, as the text of an answer.

        Raises ModelError if the model cannot do it, EngineError if it fails or is canceled.
        """
        ...

    def embed(self, items: Sequence[str | KeyedPicture]) -> list[Embedding]:
        """Return the vectors of texts and pictures, in their order.

        Raises ModelError if the model has no vectors, EngineError if it fails or a text is empty.
        """
        ...

    def embed_sentences(self, texts: Sequence[str]) -> list[Embedding]:
        """Return the vectors of sentences in the sentence model, see engine/sentences.py.

        Raises ModelError if it is not installed, EngineError if it fails or a text is empty.
        """
        ...
