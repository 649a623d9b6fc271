"""The API key of a launch, and the check for it."""

from __future__ import annotations

import secrets

from starlette.types import Scope

from ..protocol.refusals import Refusal, header_values
from .gate import Check


def new_key() -> str:
    """Return a key of 32 random bytes as URL-safe text."""
    return secrets.token_urlsafe(32)


def require_key(key: str) -> Check:
    """Return a check that raises Refusal 401 without `Authorization: Bearer KEY`, compared in constant time.

    The check sets `has_key` in the state of the scope.
    """
    expected = key.encode("ascii")

    def check(scope: Scope) -> None:
        values = header_values(scope, b"authorization")
        scheme, _, token = (values[0] if len(values) == 1 else b"").partition(b" ")
        is_equal = secrets.compare_digest(token, expected)
        if not is_equal or scheme.lower() != b"bearer":
            raise Refusal(401, "invalid_api_key", "Send the key of this launch as a bearer token.")
        scope.setdefault("state", {})["has_key"] = True

    return check
