"""Objects found in a picture: points, counts and boxes of the nouns that a user asks for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from rsgpt_plugin.shared.objects.found_points import Box, FoundPoint
from rsgpt_plugin.shared.vocabulary.object_nouns import labels_of

from ...errors import EngineError
from ...model.heads.finder.search import finder_of, search, search_window
from ...model.rsgpt import Rsgpt
from ...predictor import Answer, Ask


@dataclass(frozen=True)
class FoundObjects:
    """The objects of one noun in a picture.

    noun: as asked; label: the finder's name for it; points: likeliest first, in pixels of the picture; is_boxed:
    whether the boxes of the points mean anything.
    """

    noun: str
    label: str
    points: tuple[FoundPoint, ...]
    is_boxed: bool

    def box(self, point: FoundPoint) -> Box | None:
        """Return the box of a point, None if the finder has not learned boxes of this object."""
        return point.box if self.is_boxed else None


def find_objects(
    model: Rsgpt, image: Image.Image, nouns: Sequence[str], gsd_m: float | None = None
) -> list[FoundObjects]:
    """Return the objects of each noun in a picture.

    image: 8-bit RGB of any size; gsd_m: its meters per pixel, None if unknown. Raises ModelError if the model has no
    finder, QuestionError for a noun that it does not know, EngineError if the search fails.
    """
    _, config = finder_of(model)
    labels = labels_of(nouns, config.labels)
    try:
        found = search(model, image, gsd_m)
    except RuntimeError as error:
        raise _failure(error) from error
    return [
        FoundObjects(noun, label, tuple(found[label]), label in config.boxed)
        for noun, label in zip(nouns, labels, strict=True)
    ]


class WindowFinder:
    """Answers each ask with the objects of all labels in its picture, as JSON; see model/heads/finder/search.py.

    The text is {label: [[x, y, confidence, box x, y, width, height], …]}, in pixels of the picture.
    """

    def __init__(self, model: Rsgpt) -> None:
        finder_of(model)
        self._model = model

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """Return the answers in the order of the asks. Raises EngineError if a search fails."""
        return [Answer(self._found(ask.image), (), 1.0, "stop", degenerate=False, prompt_tokens=0) for ask in asks]

    def _found(self, image: Image.Image) -> str:
        try:
            found = search_window(self._model, image)
        except RuntimeError as error:
            raise _failure(error) from error
        rows = {label: [_rounded(point) for point in points] for label, points in found.items() if points}
        return json.dumps(rows, separators=(",", ":"))


def _rounded(point: FoundPoint) -> list[float]:
    return [round(value, 4) for value in (point.x, point.y, point.confidence, *point.box)]


def _failure(error: RuntimeError) -> EngineError:
    return EngineError(f"The search of the picture failed: {error}. Try a smaller picture.")
