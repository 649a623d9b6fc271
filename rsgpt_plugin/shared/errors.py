"""Error classes that the plugin and the backend share; each side adds its own in `errors.py`."""

from __future__ import annotations

from .files.addresses import without_secrets
from .text import clean


class RsgptError(Exception):
    """Base of all errors that users see. str(error) says what happened and what to do next.

    Messages may quote files, servers or addresses, so control characters and credentials in addresses are removed.
    code: stable identifier, printed by the backend in --json output.
    """

    code = "error"

    def __init__(self, message: str = "") -> None:
        super().__init__(clean(without_secrets(message)))


class ImageError(RsgptError):
    """A picture, raster or tile cannot be read or breaks a limit."""

    code = "image"


class ModelError(RsgptError):
    """A model is unknown or incomplete, does not match its recorded hash, or does not support the request."""

    code = "model"


class QuestionError(RsgptError):
    """A question line cannot be read."""

    code = "usage"


class OutputError(RsgptError):
    """Results or cached answers cannot be written or read."""

    code = "output"
