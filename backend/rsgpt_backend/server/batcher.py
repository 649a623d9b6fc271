"""A queue of asks and embeddings, and the one thread that answers them in batches. No other thread uses the engine."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..errors import EngineError, RsgptError
from ..predictor import Ask, Predictor, Step
from .limits import MAX_WAITING, MAX_WAITING_PIXELS
from .protocol.refusals import Refusal
from .retry_after import AnswerRate
from .ticket import AwaitedTicket, EmbeddingTicket, QueuedWork, Ticket

MAX_BATCH = 32
GATHER_S = 0.005
_POLL_S = 0.05

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class QueueLimits:
    """Maximum numbers. waiting: asks in the queue. batch: asks per batch. pixels: of all pictures in the queue."""

    waiting: int = MAX_WAITING
    batch: int = MAX_BATCH
    pixels: int = MAX_WAITING_PIXELS


class Batcher:
    """Answers the queued asks in order of arrival, once the model is loaded.

    name: the served model. failure: a message if the model could not be loaded, else None.
    """

    def __init__(self, name: str, load: Callable[[], Predictor], limits: QueueLimits | None = None) -> None:
        self.name = name
        self.engine: Predictor | None = None
        self.failure: str | None = None
        self._load = load
        self._limits = limits or QueueLimits()
        self._waiting: deque[QueuedWork[Any]] = deque()
        self._running: list[QueuedWork[Any]] = []
        self._heartbeats = 0
        self._rate = AnswerRate()
        self._stopping = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Start the engine's thread, which loads the model and answers the queue."""
        self._thread.start()

    def stop(self) -> None:
        """Refuse all present and future asks, and end the thread after its current step."""
        with self._changed:
            self._stopping = True
            left = [*self._running, *self._waiting]
            self._waiting.clear()
            self._changed.notify_all()
        for ticket in left:
            ticket.cancel.set()
            ticket.fail(self._stopping_refusal())

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread. Return whether it has ended or was never started."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def heartbeat(self) -> int | None:
        """The number of heartbeats of the engine so far; None if it is idle."""
        return self._heartbeats if self._running else None

    async def loaded(self) -> Predictor:
        """Wait for the engine. Raises Refusal as `check_capacity` does."""
        while self.engine is None:
            self.check_capacity()
            await asyncio.sleep(_POLL_S)
        return self.engine

    def check_capacity(self) -> None:
        """Raise Refusal 429 if the queue is full, 503 if the server is stopping or its model could not be loaded."""
        if self._stopping or self.failure:
            raise self._stopping_refusal()
        if len(self._waiting) >= self._limits.waiting:
            raise self._busy_refusal()

    @contextmanager
    def queued_ask(self, ask: Ask, wants_tokens: bool) -> Iterator[AwaitedTicket]:
        """Queue an ask of a coroutine while the context lasts. Leaving it early cancels the ask."""
        ticket = AwaitedTicket(ask, wants_tokens)
        with self.queued(ticket):
            yield ticket

    @contextmanager
    def queued(self, ticket: QueuedWork[Any]) -> Iterator[None]:
        """Queue a ticket while the context lasts. Leaving it early cancels it. Raises as `check_capacity` does."""
        with self._changed:
            self.check_capacity()
            pixels = sum(other.pixels for other in self._waiting)
            if self._waiting and pixels + ticket.pixels > self._limits.pixels:
                raise self._busy_refusal()
            self._waiting.append(ticket)
            self._changed.notify_all()
        try:
            yield
        finally:
            self._withdraw(ticket)

    def _stopping_refusal(self) -> Refusal:
        return Refusal(503, "stopping", self.failure or "The server is stopping; start it again and resend this.")

    def _busy_refusal(self) -> Refusal:
        wait_s = self._rate.retry_after_s(len(self._waiting) + len(self._running))
        return Refusal(429, "busy", "The server has enough to do; send this again in a moment.", retry_after_s=wait_s)

    def _count_heartbeat(self) -> None:
        self._heartbeats += 1

    def _withdraw(self, ticket: QueuedWork[Any]) -> None:
        ticket.cancel.set()
        with self._changed:
            if ticket in self._waiting:
                self._waiting.remove(ticket)

    def _run(self) -> None:
        try:
            engine = self._load()
        except Exception as error:  # thread boundary: the process must report any error, and end
            self.failure = _message(error, f"The model {self.name} could not be loaded")
            return
        engine.on_heartbeat = self._count_heartbeat
        with self._changed:
            if self._stopping:  # a reference to the engine would keep the model in memory
                return
            self.engine = engine
        while batch := self._next_batch():
            start = time.monotonic()
            self._answer(engine, batch)
            self._rate.add(time.monotonic() - start, len(batch))
            with self._changed:
                self._running = []

    def _next_batch(self) -> list[QueuedWork[Any]]:
        """Wait for the next batch and return it; [] when the server stops."""
        with self._changed:
            self._gather()
            # All asks may have been withdrawn during the gathering, and an empty batch would end the thread.
            while not self._waiting and not self._stopping:
                self._changed.wait()
                self._gather()
            count = min(len(self._waiting), self._limits.batch)
            self._count_heartbeat()
            self._running = [self._waiting.popleft() for _ in range(count)]
            return self._running

    def _gather(self) -> None:
        """Wait for the rest of a burst: clients whose replies end together ask again within milliseconds."""
        while 0 < len(self._waiting) < self._limits.batch and self._changed.wait(GATHER_S):
            continue

    def _answer(self, engine: Predictor, batch: list[QueuedWork[Any]]) -> None:
        try:
            self._work(engine, batch)
        except Exception as error:  # thread boundary: after any error of a model, the next batch is answered
            _log.warning("A batch of %d failed: %s", len(batch), _trace(error))
            left = [ticket for ticket in batch if not ticket.ended and not ticket.cancel.is_set()]
            if len(batch) == 1:
                message = _message(error, "The model failed on this picture; try another")
                batch[0].fail(Refusal(500, "engine", message))
                return
            for ticket in left:
                self._answer(engine, [ticket])

    def _work(self, engine: Predictor, batch: list[QueuedWork[Any]]) -> None:
        for work in batch:
            if isinstance(work, EmbeddingTicket):
                work.run(engine)
                self._count_heartbeat()
            elif isinstance(work, Ticket) and work.ask.task and not (work.ended or work.cancel.is_set()):
                work.take(Step(0, answer=engine.perform(work.ask)))
                self._count_heartbeat()
        if asks := [work for work in batch if isinstance(work, Ticket) and not work.ask.task]:
            self._stream(engine, asks)

    def _stream(self, engine: Predictor, batch: list[Ticket]) -> None:
        for ticket in batch:
            ticket.restart()

        def take(step: Step) -> None:
            self._count_heartbeat()
            batch[step.index].take(step)

        engine.early = take if any(ticket.wants_tokens for ticket in batch) else None
        for step in engine.stream([ticket.ask for ticket in batch]):
            take(step)
        if not all(ticket.ended for ticket in batch):
            raise EngineError("The model stopped without an answer; ask again.")


def _message(error: Exception, fallback: str) -> str:
    return str(error) if isinstance(error, RsgptError) else f"{fallback} ({type(error).__name__})."


def _trace(error: Exception) -> str:
    """Return where it failed, without the message of a library's error, which may quote a prompt."""
    name = str(error) if isinstance(error, RsgptError) else type(error).__name__
    return "".join([name, "\n", *traceback.format_tb(error.__traceback__)])
