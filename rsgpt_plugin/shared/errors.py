"""The errors that the plugin and the backend have in common; each extends the family in its own `errors.py`."""

from __future__ import annotations

from .files.addresses import without_secrets
from .text import clean


class RsgptError(Exception):
    """Base of every error that is shown to a person. str(error) says what happened and what to do next.

    The sentence may quote what a file or a server says, or an address, so its control characters and the credentials
    in its addresses are removed here. code: stable; the backend prints it in --json output.
    """

    code = "error"

    def __init__(self, sentence: str = "") -> None:
        super().__init__(clean(without_secrets(sentence)))


class ImageError(RsgptError):
    """A picture, raster or tile cannot be read or breaks a limit."""

    code = "image"


class ModelError(RsgptError):
    """A model is unknown, incomplete, does not match its recorded hash, or cannot do what was asked of it."""

    code = "model"


class QuestionError(RsgptError):
    """A question line cannot be read."""

    code = "usage"


class OutputError(RsgptError):
    """Results or remembered answers cannot be written or read."""

    code = "output"
