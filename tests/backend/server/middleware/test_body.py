"""A body over the limit is refused before it is read or at its first byte too many, and a pause ends the wait."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import Message, Receive, Scope, Send

from rsgpt_backend.server.limits import MAX_BODY_BYTES
from rsgpt_backend.server.middleware import body as body_module
from rsgpt_backend.server.middleware.body import BodyLimit, check_content_length
from rsgpt_backend.server.protocol.refusals import Refusal
from tests.backend.server.scopes import request_scope

LIMIT = 10
TOO_LONG = r"^Send a smaller picture: a request may have 12 MB\.$"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limit bodies to 10 bytes."""
    monkeypatch.setattr(body_module, "MAX_BODY_BYTES", LIMIT)


def part(data: bytes, more: bool = True) -> Message:
    return {"type": "http.request", "body": data, "more_body": more}


def read_through(messages: Sequence[Message], reads: int) -> list[Message]:
    """Return what an app behind the limit receives in so many reads; after the messages, nothing arrives."""
    waiting, received = list(messages), list[Message]()

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(reads):
            received.append(await receive())

    async def send(message: Message) -> None:
        raise AssertionError(message)

    asyncio.run(BodyLimit(app)(request_scope(), receive, send))
    return received


@pytest.mark.parametrize("lengths", [(), ("0",), (str(MAX_BODY_BYTES),), ("5", "7")])
def test_a_declared_length_up_to_the_limit_passes(lengths: tuple[str, ...]) -> None:
    check_content_length(request_scope(*[("content-length", length) for length in lengths]))


@pytest.mark.parametrize("lengths", [(str(MAX_BODY_BYTES + 1),), ("5", str(10**30))])
def test_a_declared_length_over_the_limit_is_refused(lengths: tuple[str, ...]) -> None:
    with pytest.raises(Refusal, match=TOO_LONG) as caught:
        check_content_length(request_scope(*[("content-length", length) for length in lengths]))
    assert (caught.value.status, caught.value.code, caught.value.close_connection) == (413, "body_too_long", True)


@pytest.mark.usefixtures("small")
def test_a_body_of_exactly_the_limit_is_passed_on_unchanged() -> None:
    messages = [part(b"x" * 6), part(b""), part(b"y" * 4, more=False)]
    assert read_through(messages, 3) == messages


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("last", [b"z", b"z" * 10**6])
def test_the_first_byte_over_the_limit_is_refused(last: bytes) -> None:
    with pytest.raises(Refusal, match="Send a smaller picture") as caught:
        read_through([part(b"x" * LIMIT), part(last)], 2)
    assert (caught.value.status, caught.value.code, caught.value.close_connection) == (413, "body_too_long", True)


def test_a_pause_in_the_body_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "BODY_TIMEOUT_S", 0.2)
    with pytest.raises(Refusal, match="did not arrive completely; send it again") as caught:
        read_through([part(b"x")], 2)
    assert (caught.value.status, caught.value.code, caught.value.close_connection) == (408, "timeout", True)


def test_waiting_for_the_disconnect_after_the_body_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "BODY_TIMEOUT_S", 0.02)

    async def work() -> list[Message]:
        messages = [part(b"x", more=False)]
        received: list[Message] = []

        async def receive() -> Message:
            if messages:
                return messages.pop()
            await asyncio.sleep(0.2)  # ten times the limit
            return {"type": "http.disconnect"}

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            received.extend([await receive(), await receive()])

        async def send(message: Message) -> None:
            raise AssertionError(message)

        await BodyLimit(app)(request_scope(), receive, send)
        return received

    assert [message["type"] for message in asyncio.run(work())] == ["http.request", "http.disconnect"]
