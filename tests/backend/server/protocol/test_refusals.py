"""A refusal has a status, a code, and OpenAI's error object; headers are read by name, all of them."""

from __future__ import annotations

import pytest

from rsgpt_backend.errors import RsgptError
from rsgpt_backend.server.limits import RETRY_AFTER_S
from rsgpt_backend.server.protocol.refusals import Refusal, header_values, refuse
from tests.backend.server.scopes import request_scope


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "invalid_request_error"),
        (413, "invalid_request_error"),
        (429, "rate_limit_error"),
        (499, "invalid_request_error"),
        (500, "server_error"),
        (503, "server_error"),
    ],
)
def test_the_type_of_an_error_follows_from_the_status(status: int, kind: str) -> None:
    body = Refusal(status, "some_code", "Do this.").body()
    assert body == {"error": {"message": "Do this.", "type": kind, "code": "some_code", "param": None}}


def test_a_refusal_keeps_the_connection_and_suggests_a_second_by_default() -> None:
    refusal = Refusal(503, "busy", "Wait.")
    assert (refusal.close_connection, refusal.retry_after_s) == (False, RETRY_AFTER_S)
    assert isinstance(refusal, RsgptError)


def test_the_message_is_cleaned_of_control_characters() -> None:
    assert Refusal(500, "failed", "a\x1b[31m.").body()["error"]["message"] == "a[31m."


def test_refuse_raises_for_the_content_of_a_request() -> None:
    with pytest.raises(Refusal, match="^Shorten it.$") as caught:
        refuse("Shorten it.")
    assert (caught.value.status, caught.value.code, caught.value.close_connection) == (400, "invalid_request", False)


def test_every_value_of_a_header_is_returned_in_order() -> None:
    scope = request_scope(("x", "1"), ("xy", "2"), ("x", ""), ("x", "3"))
    assert header_values(scope, b"x") == [b"1", b"", b"3"]
    assert header_values(scope, b"z") == []
