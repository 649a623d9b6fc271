"""Tickets: queued work, and the events that the engine's thread sends back for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from ..errors import EngineError
from ..predictor import Answer, Ask, Embedding, KeyedPicture, Predictor, Step, Token
from .protocol.refusals import Refusal

E = TypeVar("E")
Event = Token | Answer | Refusal


class QueuedWork(Generic[E]):
    """Work for the engine's thread. pixels: of its pictures; cancel: set when its client no longer waits.

    post: gets its events, on the engine's thread; the last one is a result or a Refusal.
    """

    def __init__(self, pixels: int, cancel: threading.Event, post: Callable[[E | Refusal], None]) -> None:
        self.pixels = pixels
        self.cancel = cancel
        self.ended = False
        self._ending = threading.Lock()
        self._post = post

    def fail(self, refusal: Refusal) -> None:
        """End with a refusal instead of a result, unless the work has already ended."""
        self._end(refusal)

    def _end(self, event: E | Refusal) -> None:
        """Post the last event once, although the engine's thread and `Batcher.stop` may both call this."""
        with self._ending:
            if self.ended:
                return
            self.ended = True
        self._post(event)


class EmbeddingTicket(QueuedWork[list[Embedding]]):
    """Texts and pictures that get vectors, all together. of_sentences: from the sentence model; `items` are texts."""

    def __init__(
        self,
        items: Sequence[str | KeyedPicture],
        post: Callable[[list[Embedding] | Refusal], None],
        of_sentences: bool = False,
    ) -> None:
        pixels = sum(item.image.width * item.image.height for item in items if isinstance(item, KeyedPicture))
        super().__init__(pixels, threading.Event(), post)
        self._items = items
        self._of_sentences = of_sentences

    def run(self, engine: Predictor) -> None:
        """Compute the vectors, unless the client has left. Raises the errors of Predictor.embed."""
        if self.cancel.is_set():
            return
        texts = [item for item in self._items if isinstance(item, str)]
        self._end(engine.embed_sentences(texts) if self._of_sentences else engine.embed(self._items))


class Ticket(QueuedWork[Token | Answer]):
    """Passes the events of an ask on. The last event is an Answer or a Refusal.

    wants_tokens: whether `post` also gets each token.
    """

    def __init__(self, ask: Ask, wants_tokens: bool, post: Callable[[Event], None]) -> None:
        super().__init__(ask.image.width * ask.image.height, ask.cancel, post)
        self.ask = ask
        self.wants_tokens = wants_tokens
        self._sent: list[str] = []
        self._position = 0

    def restart(self) -> None:
        """Expect the first token next. If the engine repeats the ask, tokens that were sent are not sent twice."""
        self._position = 0

    def take(self, step: Step) -> None:
        """Pass on a step of the engine. Raises EngineError if a repeated token differs from the one sent."""
        if step.token is not None and self.wants_tokens:
            self._take_token(step.token)
        if step.answer is not None:
            self._end(step.answer)

    def _take_token(self, token: Token) -> None:
        if self._position == len(self._sent):
            self._sent.append(token.text)
            self._post(token)
        elif self._sent[self._position] != token.text:
            raise EngineError("The model failed in the middle of this answer; ask again.")
        self._position += 1


class AwaitedTicket(Ticket):
    """A ticket for a coroutine, to be created and awaited on the event loop."""

    def __init__(self, ask: Ask, wants_tokens: bool) -> None:
        super().__init__(ask, wants_tokens, self._to_loop)
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[Event] = asyncio.Queue()

    async def next(self) -> Token | Answer:
        """Return the next event; the last one is an Answer. Raises Refusal if the ask is refused."""
        event = await self._events.get()
        if isinstance(event, Refusal):
            raise event
        return event

    def _to_loop(self, event: Event) -> None:
        # If the loop is closed, the server has ended and no coroutine waits.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)
