"""Keeps browsers out: the server's client is a program, never a web page."""

from __future__ import annotations

from starlette.types import Scope

from ..protocol.refusals import Refusal, header_values


def no_browser(scope: Scope) -> None:
    """No Origin of any kind, and no Sec-Fetch-Site other than none; else 403."""
    sites = header_values(scope, b"sec-fetch-site")
    if header_values(scope, b"origin") or any(site != b"none" for site in sites):
        raise Refusal(403, "origin", "Web pages may not use this server; call it from a program.")
