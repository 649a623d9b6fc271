"""Asking a model many prompts in batches, with a progress bar, for evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from PIL import Image
from tqdm import tqdm

from rsgpt_plugin.shared.answers.answer_types import AnswerType

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


@dataclass(frozen=True)
class PicturePrompt:
    """A prompt about a picture of a data set; choices, gsd_m: see Ask."""

    filename: str
    prompt: str
    choices: tuple[str, ...] = ()
    gsd_m: float | None = None


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
    engine: EvaluatedModel, images: Path, prompts: Sequence[PicturePrompt], beams: int = 0, grey: bool = False
) -> list[Answer]:
    """Return the answers to the prompts, in their order. A picture is decoded once per batch."""
    source = ImageSource(images)
    answers: list[Answer] = []
    for start in tqdm(range(0, len(prompts), _BATCH), desc="answering", unit="batch"):
        batch = prompts[start : start + _BATCH]
        names = ["grey" if grey else item.filename for item in batch]
        pictures = {"grey": _GREY} if grey else {name: source.open(name) for name in names}
        answers += engine.answer(
            [
                Ask(pictures[name], name, _asked(item), beams=beams, choices=item.choices, gsd_m=item.gsd_m)
                for name, item in zip(names, batch, strict=True)
            ]
        )
    return answers


def _asked(item: PicturePrompt) -> str:
    """Return the prompt as the plugin sends it: with the list of choices, if there are any."""
    return AnswerType.CHOICE.prompt(item.prompt, item.choices) if item.choices else item.prompt


def spread(items: Sequence[T], limit: int | None) -> list[T]:
    """Return at most `limit` items, evenly spread over the sequence."""
    if limit is None or limit >= len(items):
        return list(items)
    return [items[index * len(items) // limit] for index in range(limit)]
