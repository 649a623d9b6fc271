"""One ask on its way through the engine: carries events from the engine's thread to whoever waits for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress

from ..errors import EngineError
from ..predictor import Answer, Ask, Step, Token
from .protocol.refusals import Refusal

Event = Token | Answer | Refusal


class Ticket:
    """Hands its events to `post`, in the engine's thread; the last one is an answer or a refusal.

    wants_tokens: whether tokens are passed on as they come, or the answer alone.
    """

    def __init__(self, ask: Ask, wants_tokens: bool, post: Callable[[Event], None]) -> None:
        self.ask = ask
        self.pixels = ask.image.width * ask.image.height
        self.ended = False
        self._ending = threading.Lock()
        self.wants_tokens = wants_tokens
        self._post = post
        self._sent: list[str] = []
        self._position = 0

    def rewind(self) -> None:
        """The engine starts on this ask, perhaps again: what was sent already is not sent twice."""
        self._position = 0

    def take(self, step: Step) -> None:
        """Pass on a step of the engine."""
        if step.token is not None and self.wants_tokens:
            self._take_token(step.token)
        if step.answer is not None:
            self._end(step.answer)

    def fail(self, refusal: Refusal) -> None:
        """End with a refusal in place of an answer, unless it has ended already."""
        self._end(refusal)

    def _end(self, event: Event) -> None:
        """Post the last event, once: the engine's thread and whoever stops it may both try."""
        with self._ending:
            if self.ended:
                return
            self.ended = True
        self._post(event)

    def _take_token(self, token: Token) -> None:
        if self._position == len(self._sent):
            self._sent.append(token.text)
            self._post(token)
        elif self._sent[self._position] != token.text:
            raise EngineError("The model failed in the middle of this answer; ask again.")
        self._position += 1


class AwaitedTicket(Ticket):
    """One for a coroutine: made and awaited on the event loop."""

    def __init__(self, ask: Ask, wants_tokens: bool) -> None:
        super().__init__(ask, wants_tokens, self._to_loop)
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[Event] = asyncio.Queue()

    async def next(self) -> Token | Answer:
        """The next event; the last one is an answer. Raises Refusal if there will be none."""
        event = await self._events.get()
        if isinstance(event, Refusal):
            raise event
        return event

    def _to_loop(self, event: Event) -> None:
        # A closed loop means that the server is gone and nobody waits.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)
