"""Queues asks and answers them in batches on one thread, the only one that touches the engine.

It knows no HTTP beyond the refusals that it hands to whoever waits for an answer.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..errors import EngineError, RsgptError
from ..predictor import Ask, Predictor, Step
from .limits import MAX_WAITING, MAX_WAITING_PIXELS
from .protocol.refusals import Refusal
from .retry_after import AnswerRate
from .ticket import AwaitedTicket, Ticket

LARGEST_BATCH = 32
GATHER_S = 0.005

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class QueueLimits:
    """waiting: asks that may wait; batch: asks answered together; pixels: of all waiting pictures."""

    waiting: int = MAX_WAITING
    batch: int = LARGEST_BATCH
    pixels: int = MAX_WAITING_PIXELS


class Batcher:
    """Answers what waits, in the order of arrival, as soon as the model is loaded.

    name: the model that is served. failure: why no model could be loaded, a sentence, else None.
    """

    def __init__(self, name: str, load: Callable[[], Predictor], limits: QueueLimits | None = None) -> None:
        self.name = name
        self.engine: Predictor | None = None
        self.failure: str | None = None
        self._load = load
        self._limits = limits or QueueLimits()
        self._waiting: deque[Ticket] = deque()
        self._running: list[Ticket] = []
        self._beats = 0
        self._pace = AnswerRate()
        self._stopping = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

    def start(self) -> None:
        """Load the model and begin to answer, on the engine's own thread."""
        self._thread.start()

    def stop(self) -> None:
        """Refuse everything that is asked or will be, and end the thread after its present step."""
        with self._changed:
            self._stopping = True
            left = [*self._running, *self._waiting]
            self._waiting.clear()
            self._changed.notify_all()
        for ticket in left:
            ticket.ask.cancel.set()
            ticket.fail(self._stopped())

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; whether it has ended, or never begun."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def beat(self) -> int | None:
        """How often the engine has given a sign of life; None when it has nothing to do."""
        return self._beats if self._running else None

    def check_room(self) -> None:
        """Raise Refusal 429 if the queue is full, 503 if the server is stopping or its model could not be loaded."""
        if self._stopping or self.failure:
            raise self._stopped()
        if len(self._waiting) >= self._limits.waiting:
            raise self._busy()

    @contextmanager
    def asking(self, ask: Ask, wants_tokens: bool) -> Iterator[AwaitedTicket]:
        """Queue an ask of a coroutine for as long as the context lasts; leaving it early cancels the ask."""
        ticket = AwaitedTicket(ask, wants_tokens)
        with self.queued(ticket):
            yield ticket

    @contextmanager
    def queued(self, ticket: Ticket) -> Iterator[None]:
        """Queue a ticket for as long as the context lasts; leaving it early cancels its ask."""
        with self._changed:
            self.check_room()
            pixels = sum(other.pixels for other in self._waiting)
            if self._waiting and pixels + ticket.pixels > self._limits.pixels:
                raise self._busy()
            self._waiting.append(ticket)
            self._changed.notify_all()
        try:
            yield
        finally:
            self._withdraw(ticket)

    def _stopped(self) -> Refusal:
        return Refusal(503, "stopping", self.failure or "The server is stopping; start it again and resend this.")

    def _busy(self) -> Refusal:
        wait_s = self._pace.retry_after_s(len(self._waiting) + len(self._running))
        return Refusal(429, "busy", "The server has enough to do; send this again in a moment.", retry_after_s=wait_s)

    def _live(self) -> None:
        self._beats += 1

    def _withdraw(self, ticket: Ticket) -> None:
        ticket.ask.cancel.set()
        with self._changed:
            if ticket in self._waiting:
                self._waiting.remove(ticket)

    def _work(self) -> None:
        try:
            engine = self._load()
        except Exception as error:  # the border of the thread: whatever broke, the process has to say so and end
            self.failure = _sentence(error, f"The model {self.name} could not be loaded")
            return
        engine.alive = self._live
        with self._changed:
            if self._stopping:  # meanwhile; nobody may find the model, which leaves memory with this thread
                return
            self.engine = engine
        while batch := self._take():
            begin = time.monotonic()
            self._answer(engine, batch)
            self._pace.add(time.monotonic() - begin, len(batch))
            with self._changed:
                self._running = []

    def _take(self) -> list[Ticket]:
        """The next batch, waiting for one; empty when the server stops."""
        with self._changed:
            self._gather()
            # By the end of a gathering all may have left again; nothing at all would end the thread.
            while not self._waiting and not self._stopping:
                self._changed.wait()
                self._gather()
            count = min(len(self._waiting), self._limits.batch)
            self._live()
            self._running = [self._waiting.popleft() for _ in range(count)]
            return self._running

    def _gather(self) -> None:
        """Let a burst come in: replies that end together bring their clients back together, within milliseconds."""
        while 0 < len(self._waiting) < self._limits.batch and self._changed.wait(GATHER_S):
            continue

    def _answer(self, engine: Predictor, batch: list[Ticket]) -> None:
        try:
            self._play(engine, batch)
        except Exception as error:  # the border of the thread: whatever a model raises, the next batch is answered
            _log.warning("A batch of %d failed: %s", len(batch), _trace(error))
            left = [ticket for ticket in batch if not ticket.ended and not ticket.ask.cancel.is_set()]
            if len(batch) == 1:
                sentence = _sentence(error, "The model failed on this picture; try another")
                batch[0].fail(Refusal(500, "engine", sentence))
                return
            for ticket in left:
                self._answer(engine, [ticket])

    def _play(self, engine: Predictor, batch: list[Ticket]) -> None:
        for ticket in batch:
            ticket.rewind()

        def take(step: Step) -> None:
            self._live()
            batch[step.index].take(step)

        engine.early = take if any(ticket.wants_tokens for ticket in batch) else None
        for step in engine.stream([ticket.ask for ticket in batch]):
            take(step)
        if not all(ticket.ended for ticket in batch):
            raise EngineError("The model ended without an answer; ask again.")


def _sentence(error: Exception, otherwise: str) -> str:
    return str(error) if isinstance(error, RsgptError) else f"{otherwise} ({type(error).__name__})."


def _trace(error: Exception) -> str:
    """Where it failed; never the message of a foreign error, which may quote a prompt."""
    what = str(error) if isinstance(error, RsgptError) else type(error).__name__
    return "".join([what, "\n", *traceback.format_tb(error.__traceback__)])
