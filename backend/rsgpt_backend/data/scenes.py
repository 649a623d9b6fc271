"""Pictures sorted into folders by scene -> a question about each. It opens no picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import DataError
from .annotations import QuestionRecord
from .objects import scene_name

QUESTION = "What kind of area is this?"
_SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff"}


def scene_questions(images: Path, names: Mapping[str, Sequence[str]], question: str) -> list[QuestionRecord]:
    """One question a picture; the right answer, and the question's kind, is its folder's name.

    names: answers that are right, for folders whose name is none, or not the only one.
    """
    paths = sorted(path for path in images.glob("*/*") if path.suffix.lower() in _SUFFIXES)
    seen: dict[str, Path] = {}
    for path in paths:
        if seen.setdefault(path.name, path) != path:
            raise DataError(f"{path} and {seen[path.name]} have the same name. Rename one, so they can be told apart.")
    unknown = sorted(names.keys() - {path.parent.name for path in paths})
    if unknown:
        raise DataError(f"{images} has no pictures in a folder {unknown[0]}. Check --name.")
    return [_asked(path, names.get(path.parent.name, ()), question) for path in paths]


def _asked(path: Path, names: Sequence[str], question: str) -> QuestionRecord:
    first, *others = names or (scene_name(path.parent.name),)
    return QuestionRecord(path.name, question, first, path.parent.name, tuple(others))
