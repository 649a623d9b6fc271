"""Rejection of requests from web pages."""

from __future__ import annotations

from starlette.types import Scope

from ..protocol.refusals import Refusal, header_values


def reject_browsers(scope: Scope) -> None:
    """Raise Refusal 403 if the request has an Origin header, or a Sec-Fetch-Site header other than `none`."""
    sites = header_values(scope, b"sec-fetch-site")
    if header_values(scope, b"origin") or any(site != b"none" for site in sites):
        raise Refusal(403, "origin", "Web pages may not use this server; call it from a program.")
