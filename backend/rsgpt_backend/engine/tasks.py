"""What a model does besides answering: it finds or shows objects, and computes the rows of a search index."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from rsgpt_plugin.shared.files.search_index import Row
from rsgpt_plugin.shared.model_abilities import ClassifierInfo, FinderInfo
from rsgpt_plugin.shared.objects.found_text import found_text
from rsgpt_plugin.shared.objects.shown import Shown, shown_text

from ..errors import EngineError
from ..model.config import ModelConfig
from ..model.heads.finder.search import padding_color
from ..model.rsgpt import Rsgpt
from ..predictor import (
    Answer,
    Ask,
    Capabilities,
    Classification,
    Embedding,
    KeyedPicture,
    Token,
)
from .heads.finding import find_in_picture, find_in_window


class PictureReader(Protocol):
    """The part of an engine that is needed here; see engine.Engine."""

    model: Rsgpt
    on_heartbeat: Callable[[], None]

    def embed(self, items: Sequence[str | KeyedPicture]) -> list[Embedding]: ...

    def classify(self, pictures: Sequence[KeyedPicture]) -> list[Classification]: ...

    def show(self, ask: Ask) -> Shown: ...


def capabilities_of(model: Rsgpt) -> Capabilities:
    """Return what a model can do beyond answering prompts."""
    config = model.config
    return Capabilities(
        find=model.finder is not None,
        embed=model.matching is not None,
        gsd=config.reads_gsd,
        finder=_finder(config) if model.finder is not None else None,
        classifier=ClassifierInfo(config.classifier.things, config.classifier.kinds)
        if config.classifier is not None
        else None,
    )


def task_answer(reader: PictureReader, ask: Ask) -> Answer:
    """Return the result of the task of an ask, as text.

    Raises ModelError if the model cannot do it, EngineError if it fails or is canceled.
    """
    text = _TASKS[ask.task](reader, ask)
    return Answer(text, (Token(text, 0.0),), 1.0, "stop", degenerate=False, prompt_tokens=0)


def index_rows(reader: PictureReader, pictures: Sequence[KeyedPicture]) -> list[Row]:
    """Return what the model computes of pictures for a search index.

    Raises ModelError if the model has no vectors, EngineError if it fails.
    """
    pairs = zip(reader.embed(pictures), reader.classify(pictures), strict=True)
    return [np.array([*one.vector, *other.things, *other.kinds], np.float16) for one, other in pairs]


def _find(reader: PictureReader, ask: Ask) -> str:
    """Find the objects of all labels in a picture of any size."""
    return found_text(find_in_picture(reader.model, ask.image, ask.gsd_m, lambda: _check(reader, ask)))


def _find_window(reader: PictureReader, ask: Ask) -> str:
    """Find the objects of all labels in one of the windows of `shared/objects/search_grid.py`."""
    return found_text(find_in_window(reader.model, ask.image))


def _index(reader: PictureReader, ask: Ask) -> str:
    """Return the row of a picture as base64 of little-endian 16-bit floating-point numbers."""
    (row,) = index_rows(reader, [KeyedPicture(ask.image, ask.image_key, ask.gsd_m)])
    return base64.b64encode(row.astype("<f2").tobytes()).decode("ascii")


def _show(reader: PictureReader, ask: Ask) -> str:
    """Show where the thing is that the prompt asks about."""
    reader.model.config.require_finder()
    return shown_text(reader.show(ask))


_TASKS: dict[str, Callable[[PictureReader, Ask], str]] = {
    "find": _find,
    "find_window": _find_window,
    "index": _index,
    "show": _show,
}


def _check(reader: PictureReader, ask: Ask) -> None:
    reader.on_heartbeat()
    if ask.cancel.is_set():
        raise EngineError("The search of the picture was canceled.")


def _finder(config: ModelConfig) -> FinderInfo:
    finder, fill = config.require_finder(), padding_color(config.vision.mean)
    return FinderInfo(finder.labels, finder.boxed, finder.max_side, finder.finest_gsd_m, fill)
