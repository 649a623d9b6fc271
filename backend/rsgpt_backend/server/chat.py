"""The chat-completions endpoint: one request from its body to its reply. It runs no model itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from concurrent.futures import Executor
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ..predictor import Answer, Token
from .batcher import Batcher
from .protocol.refusals import Refusal
from .protocol.replies import END_OF_STREAM, ReplyWriter, event
from .protocol.requests import ChatRequest, read_order
from .protocol.responses import AsciiJSON
from .ticket import AwaitedTicket

T = TypeVar("T")


class ChatEndpoint:
    """An ASGI endpoint. A client that goes away cancels its ask, wherever the ask then is."""

    def __init__(self, batcher: Batcher, decoders: Executor) -> None:
        self._batcher = batcher
        self._decoders = decoders

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self._batcher.check_room()
        order = await self._read(request)
        with self._batcher.asking(order.ask, order.stream and not order.structure.is_json) as ticket:
            response = await self._respond(request, order, ticket)
            await response(scope, receive, send)

    async def _read(self, request: Request) -> ChatRequest:
        body = await request.body()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._decoders, read_order, body, self._batcher.name)

    async def _respond(self, request: Request, order: ChatRequest, ticket: AwaitedTicket) -> Response:
        """Waits for the first event, so that what fails before it still gets a status of its own."""
        first = await _while_connected(request, ticket.next())
        engine = self._batcher.engine
        weights, fingerprint = (engine.weights_sha256, engine.fingerprint) if engine else ("", "")
        writer = ReplyWriter(self._batcher.name, weights, fingerprint, order.top_logprobs)
        if isinstance(first, Answer):
            first = order.finished(first)
            if not order.stream:
                return AsciiJSON(writer.reply(first))
        lines = _lines(writer, first, ticket)
        return StreamingResponse(lines, headers={"cache-control": "no-store"}, media_type="text/event-stream")


async def _lines(writer: ReplyWriter, first: Token | Answer, ticket: AwaitedTicket) -> AsyncIterator[str]:
    step, is_first = first, True
    try:
        if isinstance(step, Answer) and step.text:  # it was not streamed, as the whole of it decides its form
            yield event(writer.token(Token(step.text, step.tokens[0].logprob, step.tokens[0].top), True))
        while isinstance(step, Token):
            yield event(writer.token(step, is_first))
            step, is_first = await ticket.next(), False
    except Refusal as refusal:
        yield event(refusal.body())
        return
    yield event(writer.end(step))
    yield END_OF_STREAM


async def _while_connected(request: Request, waited: Awaitable[T]) -> T:
    """The awaited value; raises ClientDisconnect if the client leaves first."""
    value = asyncio.ensure_future(waited)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({value, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not value.done():
            raise ClientDisconnect
        return value.result()
    finally:
        value.cancel()
        gone.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue
