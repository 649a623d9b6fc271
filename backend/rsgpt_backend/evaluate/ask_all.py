"""Asking a model many prompts in batches, with a progress bar, for evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from PIL import Image
from tqdm import tqdm

from ..data.image_files import ImageSource
from ..predictor import Answer, Ask

_BATCH = 48
_GREY = Image.new("RGB", (256, 256), (128, 128, 128))
T = TypeVar("T")
Scored = tuple[dict[str, Any], list[dict[str, Any]]]  # the scores of an evaluation, and its answers


@dataclass(frozen=True)
class AskOptions:
    """Options of an evaluation.

    limit: maximum number of pictures or questions, evenly spread; prompt: for captions, "" for the model's prompt;
    beams: number of beams, 0 for the model's setting; grey: show plain gray pictures, to measure which answers follow
    from the questions alone.
    """

    limit: int | None = None
    beams: int = 0
    prompt: str = ""
    grey: bool = False

    @property
    def label(self) -> str:
        """The options that differ from the defaults, as text."""
        prompt = [f"“{self.prompt}”"] if self.prompt else []
        search = {0: [], 1: ["greedy"]}.get(self.beams, [f"{self.beams} beams"])
        return ", ".join([*prompt, *search, *(["grey pictures"] if self.grey else [])])


class EvaluatedModel(Protocol):
    """The model to evaluate: an `Engine`, or a server through `RemoteEngine`."""

    name: str
    weights_sha256: str

    @property
    def caption_prompt(self) -> str:
        """The prompt for a caption."""
        ...

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """Return the answers in the order of the asks."""
        ...


def answer_all(
    engine: EvaluatedModel, images: Path, prompts: Sequence[tuple[str, str]], beams: int = 0, grey: bool = False
) -> list[Answer]:
    """Return the answers to (file name, prompt) pairs, in their order. A picture is decoded once per batch."""
    source = ImageSource(images)
    answers: list[Answer] = []
    for start in tqdm(range(0, len(prompts), _BATCH), desc="answering", unit="batch"):
        batch = prompts[start : start + _BATCH]
        pictures = {} if grey else {name: source.open(name) for name, _ in batch}
        if grey:
            batch, pictures = [("grey", prompt) for _, prompt in batch], {"grey": _GREY}
        answers += engine.answer([Ask(pictures[name], name, prompt, beams=beams) for name, prompt in batch])
    return answers


def spread(items: Sequence[T], limit: int | None) -> list[T]:
    """Return at most `limit` items, evenly spread over the sequence."""
    if limit is None or limit >= len(items):
        return list(items)
    return [items[index * len(items) // limit] for index in range(limit)]
