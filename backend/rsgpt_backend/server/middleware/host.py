"""Rejection of requests for another host name, which stops DNS rebinding."""

from __future__ import annotations

from starlette.types import Scope

from ..protocol.refusals import Refusal, header_values
from .gate import Check


def require_host(port: int) -> Check:
    """Return a check that raises Refusal 403 unless Host is exactly 127.0.0.1:port or localhost:port."""
    allowed = {f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode()}

    def check(scope: Scope) -> None:
        hosts = header_values(scope, b"host")
        if len(hosts) != 1 or hosts[0] not in allowed:
            raise Refusal(403, "host", "Use the address that the server printed when it started.")

    return check
