"""The chat-completions endpoint: one request from its body to its reply."""

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
from .protocol.requests import ChatRequest, read_chat_request
from .protocol.responses import AsciiJSON
from .ticket import AwaitedTicket

T = TypeVar("T")


class ChatEndpoint:
    """An ASGI endpoint. If the client disconnects, its ask is canceled, in the queue or in the engine."""

    def __init__(self, batcher: Batcher, decoders: Executor) -> None:
        self._batcher = batcher
        self._decoders = decoders

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self._batcher.check_capacity()
        chat_request = await self._read(request)
        wants_tokens = chat_request.stream and not chat_request.structure.is_json
        with self._batcher.queued_ask(chat_request.ask, wants_tokens) as ticket:
            response = await self._respond(request, chat_request, ticket)
            await response(scope, receive, send)

    async def _read(self, request: Request) -> ChatRequest:
        body = await request.body()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._decoders, read_chat_request, body, self._batcher.name)

    async def _respond(self, request: Request, chat_request: ChatRequest, ticket: AwaitedTicket) -> Response:
        """Wait for the first event, so that an earlier failure still gets its own HTTP status."""
        first = await while_connected(request, ticket.next())
        engine = self._batcher.engine
        weights, fingerprint = (engine.weights_sha256, engine.fingerprint) if engine else ("", "")
        writer = ReplyWriter(self._batcher.name, weights, fingerprint, chat_request.top_logprobs)
        if isinstance(first, Answer):
            first = chat_request.format_answer(first)
            if not chat_request.stream:
                return AsciiJSON(writer.reply(first))
        lines = _lines(writer, first, ticket)
        return StreamingResponse(lines, headers={"cache-control": "no-store"}, media_type="text/event-stream")


async def _lines(writer: ReplyWriter, first: Token | Answer, ticket: AwaitedTicket) -> AsyncIterator[str]:
    step, is_first = first, True
    try:
        if isinstance(step, Answer) and step.text:  # not streamed, because its format needs the whole text
            yield event(writer.token(Token(step.text, step.tokens[0].logprob, step.tokens[0].top), True))
        while isinstance(step, Token):
            yield event(writer.token(step, is_first))
            step, is_first = await ticket.next(), False
    except Refusal as refusal:
        yield event(refusal.body())
        return
    yield event(writer.end(step))
    yield END_OF_STREAM


async def while_connected(request: Request, awaitable: Awaitable[T]) -> T:
    """Return the awaited value. Raises ClientDisconnect if the client disconnects first."""
    value = asyncio.ensure_future(awaitable)
    disconnected = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({value, disconnected}, return_when=asyncio.FIRST_COMPLETED)
        if not value.done():
            raise ClientDisconnect
        return value.result()
    finally:
        value.cancel()
        disconnected.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue
