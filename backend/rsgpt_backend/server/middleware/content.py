"""Rejection of posts that are not JSON, such as those of a web form."""

from __future__ import annotations

from starlette.types import Scope

from ..protocol.refusals import Refusal, header_values


def require_json(scope: Scope) -> None:
    """Raise Refusal 415 if a POST is not of type application/json. Parameters of the type are allowed."""
    if scope["method"] != "POST":
        return
    types = [value.partition(b";")[0].strip().lower() for value in header_values(scope, b"content-type")]
    if types != [b"application/json"]:
        raise Refusal(415, "content_type", "Send the request as application/json.")
