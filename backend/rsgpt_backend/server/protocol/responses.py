"""Writes replies as ASCII JSON, refusals among them, with the headers that they need. It decides nothing."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Scope

from ..limits import MAX_BODY_BYTES
from .refusals import Refusal, header_values


class AsciiJSON(JSONResponse):
    """JSON that is pure ASCII, so that no text of a model can break the encoding."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def refused(refusal: Refusal, scope: Scope) -> AsciiJSON:
    """The reply to a refused request, with the headers that its status asks for."""
    headers = {}
    if refusal.status == 401:
        headers["www-authenticate"] = "Bearer"
    if refusal.status in (429, 503):
        headers["retry-after"] = str(refusal.retry_after_s)
    if refusal.hang_up or _has_long_body(scope):
        headers["connection"] = "close"
    return AsciiJSON(refusal.body(), refusal.status, headers)


def _has_long_body(scope: Scope) -> bool:
    """Whether the unread body is of unknown length or over the limit; a short one is read and dropped."""
    lengths = header_values(scope, b"content-length")
    return bool(header_values(scope, b"transfer-encoding")) or any(int(n) > MAX_BODY_BYTES for n in lengths)
