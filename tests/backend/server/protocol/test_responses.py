"""Replies are compact ASCII JSON; a refusal has the headers that its status and the unread body require."""

from __future__ import annotations

import json
import math

import pytest

from rsgpt_backend.server.limits import MAX_BODY_BYTES
from rsgpt_backend.server.protocol.refusals import Refusal
from rsgpt_backend.server.protocol.responses import AsciiJSON, refusal_response
from tests.backend.server.scopes import request_scope


def test_json_is_compact_and_ascii() -> None:
    body = bytes(AsciiJSON({"text": "\u6c34 \U0001f600 \ud800", "list": [1, None]}).body)
    assert body == b'{"text":"\\u6c34 \\ud83d\\ude00 \\ud800","list":[1,null]}'


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_lacks_are_an_error(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        AsciiJSON({"confidence": value})


def headers_of(refusal: Refusal, *sent: tuple[str, str]) -> dict[str, str]:
    """Return the headers of the reply without those of its content."""
    headers = dict(refusal_response(refusal, request_scope(*sent)).headers)
    assert headers.pop("content-type") == "application/json"
    assert int(headers.pop("content-length")) > 0
    return headers


def test_the_reply_holds_status_and_error_object() -> None:
    refusal = Refusal(404, "not_found", "There is nothing here.")
    reply = refusal_response(refusal, request_scope())
    assert (reply.status_code, json.loads(bytes(reply.body))) == (404, refusal.body())


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (400, {}),
        (401, {"www-authenticate": "Bearer"}),
        (403, {}),
        (429, {"retry-after": "7"}),
        (500, {}),
        (503, {"retry-after": "7"}),
    ],
)
def test_headers_follow_from_the_status(status: int, headers: dict[str, str]) -> None:
    assert headers_of(Refusal(status, "code", "Do this.", retry_after_s=7)) == headers


def test_a_refusal_can_close_the_connection() -> None:
    assert headers_of(Refusal(400, "framing", "Do this.", close_connection=True)) == {"connection": "close"}


@pytest.mark.parametrize(
    ("sent", "is_closed"),
    [
        (("content-length", "0"), False),
        (("content-length", str(MAX_BODY_BYTES)), False),
        (("content-length", str(MAX_BODY_BYTES + 1)), True),
        (("transfer-encoding", "chunked"), True),
    ],
)
def test_the_connection_is_closed_if_the_unread_body_is_long_or_endless(sent: tuple[str, str], is_closed: bool) -> None:
    assert ("connection" in headers_of(Refusal(403, "host", "Do this."), sent)) is is_closed
