"""How the server says no: one exception, one JSON shape. It never repeats what the client sent.

It needs no web framework: inside QGIS the same refusals come without HTTP.
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
    """A request is not answered: HTTP status, a stable code, and a sentence for the user.

    hang_up: the connection is closed after the reply, because its body is not worth reading.
    retry_after_s: when a busy server expects to have room again.
    """

    def __init__(
        self, status: int, code: str, message: str, hang_up: bool = False, retry_after_s: int = RETRY_AFTER_S
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.hang_up = hang_up
        self.retry_after_s = retry_after_s

    def body(self) -> dict[str, Any]:
        """OpenAI's error object."""
        kind = _TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        return {"error": {"message": str(self), "type": kind, "code": self.code, "param": None}}


def refuse(sentence: str) -> NoReturn:
    """Refuse a request for what it says."""
    raise Refusal(400, "invalid_request", sentence)


def header_values(scope: Scope, name: bytes) -> list[bytes]:
    """Every value of a header, in the order sent; name in lower case."""
    return [value for key, value in scope["headers"] if key == name]
