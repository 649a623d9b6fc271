"""A gate passes a request on untouched, or replies with the refusal of its check without calling the app."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from rsgpt_backend.server.middleware.gate import RequestGate
from rsgpt_backend.server.protocol.refusals import Refusal
from tests.backend.server.scopes import request_scope


class RecordingApp:
    """An app that notes the scopes that reach it and answers with 204."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def exchanged(gate: RequestGate, scope: Scope) -> list[Message]:
    """Return what the gate sends. Reading the body is an error."""
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(gate(scope, receive, send))
    return sent


def test_an_accepted_request_reaches_the_app_with_its_scope() -> None:
    app, checked, scope = RecordingApp(), list[Any](), request_scope()
    sent = exchanged(RequestGate(app, checked.append), scope)
    assert checked == app.scopes == [scope]
    assert [message.get("status") for message in sent] == [204, None]


def test_a_refusal_is_the_reply_and_the_app_is_not_called() -> None:
    def refuse(_: Scope) -> None:
        raise Refusal(403, "host", "Use another address.")

    app = RecordingApp()
    start, body = exchanged(RequestGate(app, refuse), request_scope())
    assert app.scopes == []
    assert (start["status"], dict(start["headers"])[b"content-type"]) == (403, b"application/json")
    error = {"message": "Use another address.", "type": "permission_error", "code": "host", "param": None}
    assert json.loads(body["body"]) == {"error": error}


def test_a_refusal_of_the_app_is_not_caught() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise Refusal(413, "body_too_long", "Send less.")

    with pytest.raises(Refusal, match="Send less"):
        exchanged(RequestGate(app, lambda _: None), request_scope())
