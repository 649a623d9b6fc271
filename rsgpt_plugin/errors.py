"""The errors of the plugin: each carries one sentence for the user. They know no Qt and no QGIS."""

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
    """The model's environment is missing, half made or unusable."""

    def __init__(self, sentence: str, details: str = "") -> None:
        """details: what an installer printed, for those who want to know more."""
        super().__init__(sentence)
        self.details = details


class ServerError(RsgptError):
    """The model server could not be reached, went away, or sent what is no answer."""

    def __init__(self, sentence: str, status: int = 0) -> None:
        """status: the HTTP status with which the server refused a request for no reason known here, else 0."""
        super().__init__(sentence)
        self.status = status


class Cancelled(RsgptError):
    """The user stopped the run; answers so far are kept."""
