"""The batcher computes embeddings and performs tasks beside asks."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from rsgpt_backend.predictor import Embedding
from rsgpt_backend.server.batcher import Batcher
from rsgpt_backend.server.protocol.refusals import Refusal
from rsgpt_backend.server.ticket import EmbeddingTicket
from tests.backend.server.test_batcher import Scripted, ask, echo, final, run


def test_embeddings_and_asks_share_a_batch() -> None:
    engine = Scripted(echo)
    engine.gate.clear()
    events: list[Any] = []

    async def work(batcher: Batcher) -> None:
        with ExitStack() as stack:
            first = stack.enter_context(batcher.queued_ask(ask("first"), False))
            await asyncio.to_thread(engine.began.wait, 5)
            good, bad = (EmbeddingTicket([text], events.append) for text in ("good", "bad"))
            for ticket in (bad, good):
                stack.enter_context(batcher.queued(ticket))
            last = stack.enter_context(batcher.queued_ask(ask("last"), False))
            engine.gate.set()
            texts = await asyncio.gather(*(final(ticket) for ticket in (first, last)))
            assert texts == ["first", "last"]
            assert good.ended
            assert bad.ended

    run(work, lambda: engine)
    refusal = next(event for event in events if isinstance(event, Refusal))
    assert (refusal.status, str(refusal)) == (500, "A text cannot be read. Change it.")
    assert [Embedding((1.0, 0.0), 4)] in events
    assert len(events) == 2


def test_tasks_are_performed_beside_asks() -> None:
    engine = Scripted(echo)
    engine.gate.clear()

    async def work(batcher: Batcher) -> None:
        with ExitStack() as stack:
            first = stack.enter_context(batcher.queued_ask(ask("first"), False))
            await asyncio.to_thread(engine.began.wait, 5)
            asks = (replace(ask("good"), task="find"), replace(ask("bad"), task="find"), ask("last"))
            tickets = [stack.enter_context(batcher.queued_ask(each, False)) for each in asks]
            engine.gate.set()
            texts = await asyncio.gather(*(final(ticket) for ticket in (first, *tickets)))
            assert texts == ["first", "find done", "engine", "last"]

    run(work, lambda: engine)


def test_stopping_refuses_waiting_embeddings() -> None:
    events: list[Any] = []
    batcher = Batcher("rsgpt-small", lambda: Scripted(echo))
    with batcher.queued(EmbeddingTicket(["x"], events.append)):
        batcher.stop()
    assert [event.code for event in events] == ["stopping"]
