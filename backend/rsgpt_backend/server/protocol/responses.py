"""Replies as ASCII JSON, including refusals with their headers."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Scope

from ..limits import MAX_BODY_BYTES
from .refusals import Refusal, header_values


class AsciiJSON(JSONResponse):
    """JSON in pure ASCII, so that no text of a model can break the encoding."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def refusal_response(refusal: Refusal, scope: Scope) -> AsciiJSON:
    """Return the reply to a refused request, with the headers that its status requires."""
    headers = {}
    if refusal.status == 401:
        headers["www-authenticate"] = "Bearer"
    if refusal.status in (429, 503):
        headers["retry-after"] = str(refusal.retry_after_s)
    if refusal.close_connection or _has_long_body(scope):
        headers["connection"] = "close"
    return AsciiJSON(refusal.body(), refusal.status, headers)


def _has_long_body(scope: Scope) -> bool:
    """Return whether the unread body is over the limit or of unknown length. A shorter one is read and dropped."""
    lengths = header_values(scope, b"content-length")
    return bool(header_values(scope, b"transfer-encoding")) or any(int(n) > MAX_BODY_BYTES for n in lengths)
