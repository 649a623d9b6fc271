"""The embeddings endpoint: one request from its body to its vectors."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import suppress

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from ..predictor import Embedding, KeyedPicture
from .batcher import Batcher
from .chat import while_connected
from .protocol.embedding_requests import read_embedding_request
from .protocol.refusals import Refusal
from .protocol.replies import embedding_list, identity_of
from .protocol.responses import AsciiJSON
from .ticket import EmbeddingTicket


class EmbeddingsEndpoint:
    """An ASGI endpoint. Models without vectors are refused with the code no_embeddings."""

    def __init__(self, batcher: Batcher, decoders: Executor) -> None:
        self._batcher = batcher
        self._decoders = decoders

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self._batcher.check_capacity()
        body = await request.body()
        loop = asyncio.get_running_loop()
        wanted = await loop.run_in_executor(self._decoders, read_embedding_request, body, self._batcher.name)
        engine = await while_connected(request, self._batcher.loaded())
        of_sentences = wanted.model != self._batcher.name
        if not (of_sentences or engine.capabilities.embed):
            raise Refusal(400, "no_embeddings", "This model has no vectors for pictures and texts; serve another one.")
        embeddings = await while_connected(request, self._embeddings(wanted.items, of_sentences))
        identity = {} if of_sentences else identity_of(engine)
        response = AsciiJSON(embedding_list(wanted.model, identity, embeddings, wanted.as_base64))
        await response(scope, receive, send)

    async def _embeddings(self, items: Sequence[str | KeyedPicture], of_sentences: bool) -> list[Embedding]:
        """Queue the items and wait for their vectors. Raises Refusal."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[list[Embedding]] = loop.create_future()

        def settle(event: list[Embedding] | Refusal) -> None:
            if result.done():  # canceled, because the client has left
                return
            if isinstance(event, Refusal):
                result.set_exception(event)
            else:
                result.set_result(event)

        def post(event: list[Embedding] | Refusal) -> None:
            with suppress(RuntimeError):  # the loop is closed, and no coroutine waits
                loop.call_soon_threadsafe(settle, event)

        with self._batcher.queued(EmbeddingTicket(items, post, of_sentences)):
            return await result
