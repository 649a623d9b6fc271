"""How the server says no: one exception, one JSON shape. It never repeats what the client sent."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Scope

from ..errors import RsgptError
from .limits import MAX_BODY_BYTES, RETRY_AFTER_S

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class AsciiJSON(JSONResponse):
    """JSON that is pure ASCII, so that no text of a model can break the encoding."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


class Refusal(RsgptError):
    """A request is not answered: HTTP status, a stable code, and a sentence for the user.

    hang_up: the connection is closed after the reply, because its body is not worth reading.
    """

    def __init__(self, status: int, code: str, message: str, hang_up: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.hang_up = hang_up

    def body(self) -> dict[str, Any]:
        """OpenAI's error object."""
        kind = _TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        return {"error": {"message": str(self), "type": kind, "code": self.code, "param": None}}

    def response(self, scope: Scope) -> AsciiJSON:
        """The reply, with the headers that its status asks for."""
        headers = {}
        if self.status == 401:
            headers["www-authenticate"] = "Bearer"
        if self.status in (429, 503):
            headers["retry-after"] = str(RETRY_AFTER_S)
        if self.hang_up or _has_long_body(scope):
            headers["connection"] = "close"
        return AsciiJSON(self.body(), self.status, headers)


def header_values(scope: Scope, name: bytes) -> list[bytes]:
    """Every value of a header, in the order sent; name in lower case."""
    return [value for key, value in scope["headers"] if key == name]


def _has_long_body(scope: Scope) -> bool:
    """Whether the unread body is of unknown length or over the limit; a short one is read and dropped."""
    lengths = header_values(scope, b"content-length")
    return bool(header_values(scope, b"transfer-encoding")) or any(int(n) > MAX_BODY_BYTES for n in lengths)
