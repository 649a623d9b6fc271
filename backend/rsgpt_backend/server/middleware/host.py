"""Keeps out pages that point a name of their own at this machine. It knows nothing of keys."""

from __future__ import annotations

from starlette.types import Scope

from ..protocol.refusals import Refusal, header_values
from .gate import Check


def exact_host(port: int) -> Check:
    """A check that Host is exactly 127.0.0.1:port or localhost:port; else 403."""
    allowed = {f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode()}

    def check(scope: Scope) -> None:
        hosts = header_values(scope, b"host")
        if len(hosts) != 1 or hosts[0] not in allowed:
            raise Refusal(403, "host", "Use the address that the server printed when it started.")

    return check
