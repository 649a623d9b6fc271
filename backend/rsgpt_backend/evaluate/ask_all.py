"""Answer many prompts with a progress bar, in batches; shared by both kinds of evaluation."""

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
Scored = tuple[dict[str, Any], list[dict[str, Any]]]  # the scores of an evaluation, and each answer that they are of


@dataclass(frozen=True)
class AskOptions:
    """How a model is asked. limit: only so many, evenly spread; prompt: for a caption, the model's own where empty.

    beams: answers followed at once, 0 as the model is set up. grey: show a plain grey picture in place of each: what a
    model then answers correctly, it knows from the question alone.
    """

    limit: int | None = None
    beams: int = 0
    prompt: str = ""
    grey: bool = False

    @property
    def label(self) -> str:
        """What sets it apart from the usual manner; empty where nothing does."""
        told = [f"“{self.prompt}”"] if self.prompt else []
        search = {0: [], 1: ["greedy"]}.get(self.beams, [f"{self.beams} beams"])
        return ", ".join([*told, *search, *(["grey pictures"] if self.grey else [])])


class EvaluatedModel(Protocol):
    """What is evaluated: `engine.Engine`, or a server through `remote.RemoteEngine`."""

    name: str
    weights_sha256: str

    @property
    def caption_prompt(self) -> str:
        """What to ask for a caption."""
        ...

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """Whole answers, in the order of the asks."""
        ...


def answer_all(
    engine: EvaluatedModel, images: Path, prompts: Sequence[tuple[str, str]], beams: int = 0, grey: bool = False
) -> list[Answer]:
    """prompts: (file name, prompt) pairs -> answers in the same order; every picture is decoded once a batch."""
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
    """At most `limit` items, evenly taken from the whole."""
    if limit is None or limit >= len(items):
        return list(items)
    return [items[index * len(items) // limit] for index in range(limit)]
