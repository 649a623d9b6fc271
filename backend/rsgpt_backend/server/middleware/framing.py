"""Rejection of requests that two HTTP parsers could read differently."""

from __future__ import annotations

from starlette.types import Scope

from ..protocol.refusals import Refusal, header_values


def reject_ambiguous(scope: Scope) -> None:
    """Raise Refusal 400 if the body length is declared in two ways, or the path does not start with a slash."""
    if header_values(scope, b"content-length") and header_values(scope, b"transfer-encoding"):
        raise Refusal(400, "framing", "Send Content-Length or Transfer-Encoding, not both.", close_connection=True)
    if not scope["path"].startswith("/"):
        raise Refusal(400, "target", "Request a path of this server, such as /v1/models.", close_connection=True)
