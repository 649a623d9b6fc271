"""Limits on the size of a request body and on pauses while it arrives."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..limits import BODY_TIMEOUT_S, MAX_BODY_BYTES
from ..protocol.refusals import Refusal, header_values

_STEPS = 20


def check_content_length(scope: Scope) -> None:
    """Raise Refusal 413 if Content-Length exceeds the limit, before the body is read."""
    if any(int(value) > MAX_BODY_BYTES for value in header_values(scope, b"content-length")):
        raise _too_long()


class BodyLimit:
    """Counts the body as it arrives. Raises Refusal 413 at the first byte over the limit, 408 after a long pause."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, _CountedBody(receive), send)


class _CountedBody:
    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._bytes = 0
        self._ended = False

    async def __call__(self) -> Message:
        if self._ended:
            return await self._receive()
        message = await self._next()
        self._bytes += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if self._bytes > MAX_BODY_BYTES:
            raise _too_long()
        return message

    async def _next(self) -> Message:
        # The timeout is split into steps, because the suspension of a machine ends only the current one.
        for _ in range(_STEPS):
            with suppress(TimeoutError):
                return await asyncio.wait_for(self._receive(), BODY_TIMEOUT_S / _STEPS)
        raise Refusal(408, "timeout", "The request did not arrive completely; send it again.", True)


def _too_long() -> Refusal:
    megabytes = MAX_BODY_BYTES // 1_000_000
    return Refusal(413, "body_too_long", f"Send a smaller picture: a request may have {megabytes} MB.", True)
