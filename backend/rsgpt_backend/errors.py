"""Every error that the backend shows to a person: a sentence that says what to do next."""

from __future__ import annotations

from rsgpt_plugin.shared.errors import ImageError, ModelError, OutputError, QuestionError, RsgptError

__all__ = [
    "DataError",
    "EngineError",
    "ImageError",
    "ModelError",
    "OutputError",
    "QuestionError",
    "RsgptError",
    "UsageError",
]


class UsageError(RsgptError):
    """The call itself is wrong: a flag, a recipe key, a value out of range."""

    code = "usage"


class DataError(RsgptError):
    """An annotation file or its pictures cannot be used."""

    code = "data"


class EngineError(RsgptError):
    """The model failed while answering."""

    code = "engine"
