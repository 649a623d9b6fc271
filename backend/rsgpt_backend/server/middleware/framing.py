"""Refuses requests that two HTTP parsers could read in two ways. It knows no route."""

from __future__ import annotations

from starlette.types import Scope

from ..protocol.refusals import Refusal, header_values


def unambiguous(scope: Scope) -> None:
    """One way to tell the body's length, and a target that starts with a slash; else 400."""
    if header_values(scope, b"content-length") and header_values(scope, b"transfer-encoding"):
        raise Refusal(400, "framing", "Send Content-Length or Transfer-Encoding, not both.", hang_up=True)
    if not scope["path"].startswith("/"):
        raise Refusal(400, "target", "Ask for a path of this server, such as /v1/models.", hang_up=True)
