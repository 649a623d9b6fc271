"""Objects found in a picture: points, counts and boxes of the nouns that a user asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image

from rsgpt_plugin.shared.objects.found_points import Box, FoundPoint
from rsgpt_plugin.shared.objects.found_text import FoundInPicture, found_text
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
    found = find_in_picture(model, image, gsd_m, lambda: None).points
    return [
        FoundObjects(noun, label, tuple(found[label]), label in config.boxed)
        for noun, label in zip(nouns, labels, strict=True)
    ]


class WindowFinder:
    """Answers each ask with the objects of all labels in its picture, as the task find_window does."""

    def __init__(self, model: Rsgpt) -> None:
        finder_of(model)
        self._model = model

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """Return the answers in the order of the asks. Raises EngineError if a search fails."""
        texts = [found_text(find_in_window(self._model, ask.image)) for ask in asks]
        return [Answer(text, (), 1.0, "stop", degenerate=False, prompt_tokens=0) for text in texts]


def find_in_window(model: Rsgpt, image: Image.Image) -> FoundInPicture:
    """Return the objects in one of the windows of shared/objects/search_grid.py.

    image: 8-bit RGB. Raises ModelError if the model has no finder, EngineError if the search fails.
    """
    try:
        return FoundInPicture(*image.size, search_window(model, image))
    except RuntimeError as error:
        raise _failure(error) from error


def find_in_picture(
    model: Rsgpt, image: Image.Image, gsd_m: float | None, on_window: Callable[[], None]
) -> FoundInPicture:
    """Return the objects of all labels in a picture. Raises as find_in_window.

    image: 8-bit RGB of any size; gsd_m: its meters per pixel, None if unknown; on_window: called after each window.
    """
    try:
        return FoundInPicture(*image.size, search(model, image, gsd_m, on_window=on_window))
    except RuntimeError as error:
        raise _failure(error) from error


def _failure(error: RuntimeError) -> EngineError:
    return EngineError(f"The search of the picture failed: {error}. Try a smaller picture.")
