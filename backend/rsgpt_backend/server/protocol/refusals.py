"""Refusals of requests: one exception with one JSON format. A message never repeats what the client sent.

This module does not import a web framework, because the plugin uses it inside QGIS without HTTP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ...errors import RsgptError
from ..limits import RETRY_AFTER_S

if TYPE_CHECKING:
    from starlette.types import Scope

Fields = dict[str, Any]

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class Refusal(RsgptError):
    """A request is not answered: HTTP status, a stable code, and a message for the user.

    close_connection: the connection is closed after the reply, because the rest of the body is not read.
    retry_after_s: seconds until a busy server expects to have free places in its queue.
    """

    def __init__(
        self, status: int, code: str, message: str, close_connection: bool = False, retry_after_s: int = RETRY_AFTER_S
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.close_connection = close_connection
        self.retry_after_s = retry_after_s

    def body(self) -> dict[str, Any]:
        """Return OpenAI's error object."""
        kind = _TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        return {"error": {"message": str(self), "type": kind, "code": self.code, "param": None}}


def refuse(message: str) -> NoReturn:
    """Raise Refusal 400 for the content of a request."""
    raise Refusal(400, "invalid_request", message)


def header_values(scope: Scope, name: bytes) -> list[bytes]:
    """Return every value of a header, in the order sent. name: in lower case."""
    return [value for key, value in scope["headers"] if key == name]
