"""The batcher without HTTP: batches, order, limits, retries, shutdown."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
from PIL import Image

from rsgpt_backend.errors import EngineError, ModelError
from rsgpt_backend.predictor import Answer, Ask, Capabilities, Embedding, KeyedPicture, Predictor, Step, Token
from rsgpt_backend.server.batcher import GATHER_S, Batcher, QueueLimits
from rsgpt_backend.server.protocol.refusals import Refusal
from rsgpt_backend.server.ticket import AwaitedTicket, Ticket

SECRET = "what somebody asked"
Behaviour = Callable[[Sequence[Ask]], Iterator[Step]]


class Scripted:
    """An engine whose batches wait for `gate` and then behave as scripted. It records its prompts."""

    name = "rsgpt-small"
    weights_sha256 = "0" * 64
    fingerprint = "0" * 16
    precision = "fp32"
    capabilities = Capabilities(embed=True)
    on_heartbeat: Callable[[], None]
    early: Callable[[Step], None] | None

    def __init__(self, behaviour: Behaviour) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.began = threading.Event()
        self.batches: list[list[str]] = []
        self._behaviour = behaviour

    def stream(self, asks: Sequence[Ask]) -> Iterator[Step]:
        """Record the batch, wait for the gate, then behave as scripted."""
        self.batches.append([ask.prompt for ask in asks])
        self.began.set()
        self.gate.wait(5)
        yield from self._behaviour(asks)

    def perform(self, ask: Ask) -> Answer:
        """Record the task as a batch; fail if the prompt is "bad"."""
        self.batches.append([ask.task])
        if ask.prompt == "bad":
            raise ModelError("The model has no finder.")
        return answer(f"{ask.task} done")

    def embed(self, items: Sequence[str | KeyedPicture]) -> list[Embedding]:
        """Record the texts as a batch; fail if one of them is "bad"."""
        texts = [str(item) for item in items]
        self.batches.append(texts)
        if "bad" in texts:
            raise EngineError("A text cannot be read. Change it.")
        return [Embedding((1.0, 0.0), len(text)) for text in texts]

    def embed_sentences(self, texts: Sequence[str]) -> list[Embedding]:
        return self.embed(texts)


def ask(prompt: str, size: tuple[int, int] = (2, 2)) -> Ask:
    """Return an ask about a small black picture."""
    return Ask(Image.new("RGB", size), "key", prompt)


def answer(text: str) -> Answer:
    """Return an answer of one token."""
    return Answer(text, (Token(text, -0.1),), 0.9, "stop", False, 1)


def echo(asks: Sequence[Ask]) -> Iterator[Step]:
    """Answer with the prompt."""
    for index, each in enumerate(asks):
        yield Step(index, token=Token(each.prompt, -0.1))
        yield Step(index, answer=answer(each.prompt))


async def final(ticket: AwaitedTicket) -> str:
    """Return the text of the answer, or the code of the refusal."""
    try:
        event = await asyncio.wait_for(ticket.next(), 5)
    except Refusal as refusal:
        return refusal.code
    return event.text


def run(
    work: Callable[[Batcher], Coroutine[Any, Any, None]],
    load: Callable[[], Predictor],
    limits: QueueLimits | None = None,
) -> Batcher:
    """Run a coroutine with a started batcher, then stop it."""
    batcher = Batcher("rsgpt-small", load, limits)
    batcher.start()
    try:
        asyncio.run(work(batcher))
    finally:
        batcher.stop()
        assert batcher.join(5)
    return batcher


def test_queued_asks_are_batched_in_order() -> None:
    engine = Scripted(echo)
    engine.gate.clear()

    async def work(batcher: Batcher) -> None:
        with ExitStack() as stack:
            first = stack.enter_context(batcher.queued_ask(ask("0"), False))
            await asyncio.to_thread(engine.began.wait, 5)
            rest = [stack.enter_context(batcher.queued_ask(ask(str(n)), False)) for n in range(1, 41)]
            engine.gate.set()
            texts = await asyncio.gather(*(final(ticket) for ticket in [first, *rest]))
        assert texts == [str(n) for n in range(41)]

    run(work, lambda: engine)
    assert [len(batch) for batch in engine.batches] == [1, 32, 8]
    assert [prompt for batch in engine.batches for prompt in batch] == [str(n) for n in range(41)]


def test_a_burst_of_asks_is_gathered_in_one_batch() -> None:
    engine = Scripted(echo)

    async def work(batcher: Batcher) -> None:
        with ExitStack() as stack:
            tickets = [stack.enter_context(batcher.queued_ask(ask(str(n)), False)) for n in range(5)]
            await asyncio.gather(*(final(ticket) for ticket in tickets))

    run(work, lambda: engine)
    assert len(engine.batches) <= 2


def test_asks_that_are_withdrawn_during_gathering_do_not_end_the_thread() -> None:
    engine = Scripted(echo)

    async def work(batcher: Batcher) -> None:
        for _ in range(20):
            with batcher.queued_ask(ask("leaves"), False):
                await asyncio.sleep(GATHER_S / 2)
            await asyncio.sleep(2 * GATHER_S)
        with batcher.queued_ask(ask("stays"), False) as ticket:
            assert await final(ticket) == "stays"

    run(work, lambda: engine)


def test_a_full_queue_refuses_until_an_ask_is_withdrawn() -> None:
    engine = Scripted(echo)
    engine.gate.clear()

    async def work(batcher: Batcher) -> None:
        with ExitStack() as stack:
            stack.enter_context(batcher.queued_ask(ask("running"), False))
            await asyncio.to_thread(engine.began.wait, 5)
            stack.enter_context(batcher.queued_ask(ask("one"), False))
            with batcher.queued_ask(ask("leaves"), False):
                for check in (batcher.check_capacity, batcher.queued_ask(ask("late"), False).__enter__):
                    with pytest.raises(Refusal) as caught:
                        check()
                    assert caught.value.status == 429
            with batcher.queued_ask(ask("fits"), False) as ticket:
                engine.gate.set()
                assert await final(ticket) == "fits"

    run(work, lambda: engine, QueueLimits(waiting=2))
    assert engine.batches == [["running"], ["one", "fits"]]


def test_the_queue_limits_the_pixels_of_its_pictures() -> None:
    engine = Scripted(echo)
    engine.gate.clear()

    async def work(batcher: Batcher) -> None:
        with batcher.queued_ask(ask("running"), False):
            await asyncio.to_thread(engine.began.wait, 5)
            with batcher.queued_ask(ask("alone it may", (50, 50)), False):
                with pytest.raises(Refusal) as caught, batcher.queued_ask(ask("two", (1, 1)), False):
                    pass
                assert caught.value.code == "busy"
        engine.gate.set()

    run(work, lambda: engine, QueueLimits(pixels=100))


def poisoned(asks: Sequence[Ask]) -> Iterator[Step]:
    """Yield tokens for all asks, then fail if a prompt is "poison", else answer."""
    for index, each in enumerate(asks):
        yield Step(index, token=Token(each.prompt, -0.1))
    if any(each.prompt == "poison" for each in asks):
        raise MemoryError(SECRET)
    for index, each in enumerate(asks):
        yield Step(index, answer=answer(each.prompt))


def test_a_failing_ask_does_not_affect_others(caplog: pytest.LogCaptureFixture) -> None:
    engine = Scripted(poisoned)

    async def work(batcher: Batcher) -> None:
        with ExitStack() as stack:
            prompts = ["a", "poison", "b"]
            tickets = [stack.enter_context(batcher.queued_ask(ask(prompt), False)) for prompt in prompts]
            assert [await final(ticket) for ticket in tickets] == ["a", "engine", "b"]

    run(work, lambda: engine)
    assert engine.batches == [["a", "poison", "b"], ["a"], ["poison"], ["b"]]
    assert "MemoryError" in caplog.text
    assert SECRET not in caplog.text


def test_tokens_are_not_sent_twice_when_a_batch_is_repeated() -> None:
    async def work(batcher: Batcher) -> None:
        with batcher.queued_ask(ask("a"), True) as good, batcher.queued_ask(ask("poison"), False) as bad:
            events = [await good.next(), await good.next()]
            assert [type(event) for event in events] == [Token, Answer]
            assert await final(bad) == "engine"

    run(work, lambda: Scripted(poisoned))


def test_a_repeated_ask_with_another_text_is_an_error() -> None:
    words = iter(["first", "second"])

    def fickle(asks: Sequence[Ask]) -> Iterator[Step]:
        yield Step(0, token=Token(next(words), -0.1))
        if len(asks) > 1:
            raise EngineError("Broken.")
        yield Step(0, answer=answer("second"))

    async def work(batcher: Batcher) -> None:
        with batcher.queued_ask(ask("a"), True) as ticket, batcher.queued_ask(ask("b"), False):
            assert (await ticket.next()).text == "first"
            assert await final(ticket) == "engine"

    run(work, lambda: Scripted(fickle))


def test_an_ask_without_an_answer_is_an_error() -> None:
    async def work(batcher: Batcher) -> None:
        with batcher.queued_ask(ask("a"), False) as ticket:
            assert await final(ticket) == "engine"

    run(work, lambda: Scripted(lambda asks: iter(())))


def test_a_withdrawn_ask_is_not_repeated() -> None:
    engine = Scripted(poisoned)
    engine.gate.clear()

    async def work(batcher: Batcher) -> None:
        with batcher.queued_ask(ask("poison"), False) as ticket:
            with batcher.queued_ask(ask("left"), False):
                await asyncio.to_thread(engine.began.wait, 5)
            engine.gate.set()
            assert await final(ticket) == "engine"

    run(work, lambda: engine)
    assert engine.batches == [["poison", "left"], ["poison"]]


def test_stopping_refuses_running_and_queued_asks() -> None:
    engine = Scripted(echo)
    engine.gate.clear()

    async def work(batcher: Batcher) -> None:
        with batcher.queued_ask(ask("running"), False) as running:
            await asyncio.to_thread(engine.began.wait, 5)
            with batcher.queued_ask(ask("waiting"), False) as waiting:
                batcher.stop()
                assert [await final(running), await final(waiting)] == ["stopping", "stopping"]
                assert running.ask.cancel.is_set()
            with pytest.raises(Refusal) as caught:
                batcher.check_capacity()
            assert caught.value.status == 503
        engine.gate.set()

    run(work, lambda: engine)


def test_a_loading_failure_is_reported() -> None:
    def foreign() -> Predictor:
        raise OSError("/home/somebody")

    def ours() -> Predictor:
        raise ModelError("There is no model x; choose y.")

    async def work(batcher: Batcher) -> None:
        while batcher.failure is None:
            await asyncio.sleep(0.01)

    assert run(work, ours).failure == "There is no model x; choose y."
    assert run(work, foreign).failure == "The model rsgpt-small could not be loaded (OSError)."


def test_a_silent_engine_has_a_constant_heartbeat_and_an_idle_one_has_none() -> None:
    engine = Scripted(echo)
    engine.gate.clear()

    async def work(batcher: Batcher) -> None:
        assert batcher.heartbeat is None
        with batcher.queued_ask(ask("a"), False) as ticket:
            await asyncio.to_thread(engine.began.wait, 5)
            before = batcher.heartbeat
            await asyncio.sleep(0.05)
            assert batcher.heartbeat == before is not None
            engine.gate.set()
            await final(ticket)
        while batcher.heartbeat is not None:
            await asyncio.sleep(0.01)

    run(work, lambda: engine)


def test_stopping_in_mid_batch_refuses_only_unanswered_asks() -> None:
    stopped = threading.Event()

    def one_then_wait(asks: Sequence[Ask]) -> Iterator[Step]:
        yield Step(0, answer=answer("first"))
        stopped.wait(5)
        yield Step(1, answer=answer("too late"))

    batcher = Batcher("rsgpt-small", lambda: Scripted(one_then_wait))
    events: list[tuple[int, Any]] = []
    answered = threading.Event()

    def post(index: int, event: Any) -> None:
        events.append((index, event))
        answered.set()

    with ExitStack() as queued:
        for index in range(2):
            queued.enter_context(batcher.queued(Ticket(ask(str(index)), False, partial(post, index))))
        batcher.start()
        assert answered.wait(5)
        batcher.stop()
        stopped.set()
        assert batcher.join(5)
    assert [index for index, _ in events] == [0, 1]
    assert events[0][1] == answer("first")
    assert isinstance(events[1][1], Refusal)


def test_a_model_that_is_loaded_after_the_stop_is_released() -> None:
    loading, go = threading.Event(), threading.Event()
    made: list[weakref.ref[Scripted]] = []

    def load() -> Scripted:
        loading.set()
        go.wait(5)
        engine = Scripted(echo)
        made.append(weakref.ref(engine))
        return engine

    batcher = Batcher("rsgpt-small", load)
    batcher.start()
    assert loading.wait(5)
    batcher.stop()
    go.set()
    assert batcher.join(5)
    gc.collect()
    assert batcher.engine is None
    assert made[0]() is None
