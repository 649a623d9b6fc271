"""Errors of the backend. Each message says what happened and what to do next."""

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
    """An option, a recipe key or a value of the call is not valid."""

    code = "usage"


class DataError(RsgptError):
    """An annotation file or its pictures cannot be used."""

    code = "data"


class EngineError(RsgptError):
    """The model failed while answering."""

    code = "engine"
