"""Questions about pictures that are sorted into one folder per scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import DataError
from .annotations import QuestionRecord
from .objects import scene_name

QUESTION = "What kind of area is this?"
_SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff"}


def scene_questions(images: Path, names: Mapping[str, Sequence[str]], question: str) -> list[QuestionRecord]:
    """Return one question per picture. Its answer is the scene name of the folder, its kind the folder's name.

    names: correct answers by folder, if they differ from its name. Raises DataError if two pictures have the same name.
    """
    paths = sorted(path for path in images.glob("*/*") if path.suffix.lower() in _SUFFIXES)
    by_name: dict[str, Path] = {}
    for path in paths:
        if by_name.setdefault(path.name, path) != path:
            raise DataError(f"{path} and {by_name[path.name]} have the same name. Rename one of them.")
    unknown = sorted(names.keys() - {path.parent.name for path in paths})
    if unknown:
        raise DataError(f"{images} has no pictures in a folder {unknown[0]}. Check --name.")
    return [_question(path, names.get(path.parent.name, ()), question) for path in paths]


def _question(path: Path, names: Sequence[str], question: str) -> QuestionRecord:
    first, *others = names or (scene_name(path.parent.name),)
    return QuestionRecord(path.name, question, first, path.parent.name, tuple(others))
