"""ASGI scopes of requests, for tests of the checks that read them."""

from __future__ import annotations

from typing import Any


def request_scope(*headers: tuple[str, str], method: str = "GET", path: str = "/health") -> dict[str, Any]:
    """Return the scope of a request. headers: names in lower case, in the order sent."""
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"type": "http", "method": method, "path": path, "headers": encoded}
