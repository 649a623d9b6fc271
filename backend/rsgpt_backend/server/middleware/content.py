"""Lets only JSON be posted, which a web form cannot send. It does not read the JSON."""

from __future__ import annotations

from starlette.types import Scope

from ..protocol.refusals import Refusal, header_values


def json_only(scope: Scope) -> None:
    """A POST is of type application/json, parameters allowed; else 415."""
    if scope["method"] != "POST":
        return
    kinds = [value.partition(b";")[0].strip().lower() for value in header_values(scope, b"content-type")]
    if kinds != [b"application/json"]:
        raise Refusal(415, "content_type", "Send the request as application/json.")
