"""Requests of web pages are refused; those of programs, and those a person typed into the browser, pass."""

from __future__ import annotations

import pytest

from rsgpt_backend.server.middleware.origin import reject_browsers
from rsgpt_backend.server.protocol.refusals import Refusal
from tests.backend.server.scopes import request_scope


@pytest.mark.parametrize("headers", [(), (("sec-fetch-site", "none"),), (("referer", "http://evil.example"),)])
def test_requests_without_an_origin_pass(headers: tuple[tuple[str, str], ...]) -> None:
    reject_browsers(request_scope(*headers))


@pytest.mark.parametrize(
    "headers",
    [
        (("origin", "http://evil.example"),),
        (("origin", "null"),),
        (("origin", ""),),
        (("sec-fetch-site", "cross-site"),),
        (("sec-fetch-site", "same-origin"),),
        (("sec-fetch-site", ""),),
        (("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")),
        (("sec-fetch-site", "none"), ("origin", "null")),
    ],
)
def test_requests_of_web_pages_are_refused(headers: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(Refusal, match="Web pages may not use this server; call it from a program") as caught:
        reject_browsers(request_scope(*headers))
    assert (caught.value.status, caught.value.code) == (403, "origin")
