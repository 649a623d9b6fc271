"""Asks every request for the key of this launch. It does not know which routes exist."""

from __future__ import annotations

import secrets

from starlette.types import Scope

from ..protocol.refusals import Refusal, header_values
from .gate import Check


def new_key() -> str:
    """A key of 32 random bytes, as URL-safe text."""
    return secrets.token_urlsafe(32)


def key_required(key: str) -> Check:
    """A check for `Authorization: Bearer KEY`, compared in constant time; else 401.

    The scope's state says afterwards that it had the key.
    """
    expected = key.encode("ascii")

    def check(scope: Scope) -> None:
        values = header_values(scope, b"authorization")
        scheme, _, given = (values[0] if len(values) == 1 else b"").partition(b" ")
        known = secrets.compare_digest(given, expected)
        if not known or scheme.lower() != b"bearer":
            raise Refusal(401, "invalid_api_key", "Send the key of this launch as a bearer token.")
        scope.setdefault("state", {})["has_key"] = True

    return check
