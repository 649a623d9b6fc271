"""Errors of the plugin, each with a message for the user. It does not import Qt or QGIS."""

from __future__ import annotations

from .shared.errors import ImageError as ImageryError
from .shared.errors import ModelError, OutputError, QuestionError, RsgptError

__all__ = [
    "Cancelled",
    "ImageryError",
    "ModelError",
    "OutputError",
    "QuestionError",
    "RsgptError",
    "ServerError",
    "SetupError",
]


class SetupError(RsgptError):
    """The model's environment is missing, incomplete or unusable."""

    def __init__(self, message: str, details: str = "") -> None:
        """details: output of an installer, shown on request."""
        super().__init__(message)
        self.details = details


class ServerError(RsgptError):
    """The model server could not be reached, disconnected, or sent an invalid reply."""

    def __init__(self, message: str, status: int = 0) -> None:
        """status: HTTP status of a refusal without a known reason, else 0."""
        super().__init__(message)
        self.status = status


class Cancelled(RsgptError):
    """The user stopped the run. Answers so far are kept."""
