"""Asks a model server many things at once and hands back answers. Knows nothing of rasters, layers and files."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Optional, Union

from qgis.core import QgsFeedback
from qgis.PyQt.QtCore import QEventLoop, QTimer

from ..errors import Cancelled, RsgptError, ServerError
from .endpoint import Endpoint, Server
from .local_server import shared_server
from .models import ModelInfo
from .protocol import Prompt, Reply, build_request, parse_error, parse_models, parse_reply
from .transport import Ending, Exchange, Limits, Transport

Outcome = Union[Reply, RsgptError]

_TICK_MS = 100
_MOST_RETRIES = 2
_MOST_REFUSALS = 20
_LONGEST_WAIT_S = 60.0
_FATAL = (301, 302, 303, 307, 308, 401, 403, 404)


@dataclass
class _Call:
    """A prompt that has no answer yet. not_before: monotonic seconds."""

    index: int
    body: bytes
    retries: int = 0
    refusals: int = 0
    not_before: float = 0.0


def local_gateway(model: str) -> Gateway:
    """Return a gateway to this QGIS's own server, which starts with the first prompt and not before."""
    return Gateway(shared_server(model), model)


class Gateway:
    """The way to one server, for one run. Use it in one thread; it may be made in another."""

    def __init__(self, server: Server, model: str, limits: Optional[Limits] = None) -> None:
        self._server = server
        self._model = model
        self._limits = limits or Limits()
        self._restarts_left = 1

    def ask_many(
        self, prompts: Iterable[Prompt], feedback: Optional[QgsFeedback] = None
    ) -> Iterator[tuple[int, Outcome]]:
        """Yield the index of each prompt and its reply, or the error of that prompt, as they finish.

        Prompts are taken as they can be sent. Cancelled on cancel, within a tick; ServerError or ModelError
        where going on is senseless: wrong key, unknown model, a server that died a second time.
        """
        run = _Run(self, prompts, feedback)
        try:
            yield from run.outcomes()
        finally:
            run.close()

    def models(self, feedback: Optional[QgsFeedback] = None) -> list[ModelInfo]:
        """Return what the server lists."""
        endpoint = self._server.endpoint(_cancel_check(feedback))
        transport = Transport(endpoint, self._limits, 1)
        try:
            exchange = transport.get("models")
            _wait(exchange.poll, _cancel_check(feedback))
            if exchange.ending is not Ending.WHOLE:
                raise ServerError(self.silence(endpoint, exchange.reason))
            if exchange.status != 200:
                raise parse_error(exchange.status, bytes(exchange.body))
            return parse_models(bytes(exchange.body))
        finally:
            transport.close()

    def open(self, is_cancelled: Callable[[], bool]) -> Transport:
        """Return a transport to the server, starting the server if need be."""
        return Transport(self._server.endpoint(is_cancelled), self._limits, self.in_flight)

    def reopen(self, failed: Endpoint, is_cancelled: Callable[[], bool]) -> Transport:
        """Return a transport to the restarted server. Once; the next time it raises."""
        if not self._restarts_left:
            words = "The model server stopped twice in this run. What is answered is kept; run again to go on."
            raise ServerError(f"{words} {self._server.last_words()}".strip())
        self._restarts_left -= 1
        return Transport(self._server.restart(failed, is_cancelled), self._limits, self.in_flight)

    def can_restart(self, silent: bool) -> bool:
        """Whether a restart would help."""
        return self._server.can_restart(silent)

    def request(self, prompt: Prompt) -> bytes:
        """Return the body that asks `prompt`."""
        return build_request(prompt, self._model)

    @property
    def in_flight(self) -> int:
        """How many requests may be under way."""
        return self._server.in_flight

    def silence(self, endpoint: Endpoint, reason: str) -> str:
        """Return the sentence for a server that cannot be reached."""
        said = f"The model server at {endpoint.url} does not answer ({reason}). Check that it runs, then run again."
        return f"{said} {self._server.last_words()}".strip()


class _Run:
    """One ask_many: what waits, what is under way, what to do with each end."""

    def __init__(self, gateway: Gateway, prompts: Iterable[Prompt], feedback: Optional[QgsFeedback]) -> None:
        self._gateway = gateway
        self._prompts = enumerate(prompts)
        self._is_cancelled = _cancel_check(feedback)
        self._transport: Optional[Transport] = None
        self._waiting: deque[_Call] = deque()
        self._active: dict[Exchange, _Call] = {}
        self._loop = QEventLoop()

    def outcomes(self) -> Iterator[tuple[int, Outcome]]:
        """Yield outcomes until every prompt has one."""
        while self._fill():
            if self._transport is not None:
                self._transport.touch()  # to take pictures is a time in which nobody polls
            ended: list[Exchange] = []
            _wait(lambda: self._collect(ended), self._is_cancelled)  # noqa: B023 - called before the next round
            for exchange in ended:
                outcome = self._settle(exchange)
                if outcome is not None:
                    yield outcome

    def close(self) -> None:
        """Abort what is under way."""
        self._active.clear()
        if self._transport is not None:
            self._transport.close()

    def _fill(self) -> bool:
        """Send what may be sent; False when nothing waits and nothing is under way."""
        while len(self._active) < self._gateway.in_flight:
            call = self._next_call()
            if call is None:
                break
            self._check()
            if self._transport is None:
                self._transport = self._gateway.open(self._is_cancelled)
            self._active[self._transport.post("chat/completions", call.body)] = call
            self._loop.processEvents()  # let it go out while the next picture is taken
        return bool(self._active or self._waiting)

    def _next_call(self) -> Optional[_Call]:
        now = time.monotonic()
        for call in self._waiting:
            if call.not_before <= now:
                self._waiting.remove(call)
                return call
        if self._waiting:
            return None
        for index, prompt in self._prompts:
            return _Call(index, self._gateway.request(prompt))
        return None

    def _collect(self, ended: list[Exchange]) -> bool:
        ended.extend(exchange for exchange in self._active if exchange.poll())
        due = time.monotonic()
        return bool(ended) or any(call.not_before <= due for call in self._waiting)

    def _settle(self, exchange: Exchange) -> Optional[tuple[int, Outcome]]:
        """Return the outcome of a finished exchange, or None where its call goes another round."""
        call = self._active.pop(exchange, None)
        transport = self._transport
        if call is None or transport is None:  # a restart took it along with the others
            return None
        ending, status, body = exchange.ending, exchange.status, bytes(exchange.body)
        transport.release(exchange)
        if ending is Ending.OVERSIZED:
            return call.index, ServerError(f"The model server misbehaves: {exchange.reason}. Restart it.")
        if ending is not Ending.WHOLE:
            self._recover(call, exchange, transport)
        elif not self._postponed(call, exchange):
            if status in _FATAL:
                raise parse_error(status, body)
            return call.index, _outcome(status, body)
        return None

    def _postponed(self, call: _Call, exchange: Exchange) -> bool:
        """Whether the server was busy or stumbled, so that the call was put back to be sent later."""
        if exchange.status in (429, 503) and call.refusals < _MOST_REFUSALS:
            call.refusals += 1
            self._later(call, _retry_after(exchange))
            return True
        if exchange.status >= 500 and call.retries < _MOST_RETRIES:
            self._retry(call)
            return True
        return False

    def _recover(self, call: _Call, exchange: Exchange, transport: Transport) -> None:
        """Send again what broke off, if need be to a restarted server."""
        if self._gateway.can_restart(silent=exchange.ending is Ending.SILENT):
            transport.close()
            self._waiting.extendleft([call, *self._active.values()])
            self._active.clear()
            self._transport = self._gateway.reopen(transport.endpoint, self._is_cancelled)
        elif call.retries < _MOST_RETRIES and exchange.ending is Ending.BROKEN:
            self._retry(call)
        else:
            raise ServerError(self._gateway.silence(transport.endpoint, exchange.reason))

    def _retry(self, call: _Call) -> None:
        call.retries += 1
        self._later(call, 0.5 * 2**call.retries * secrets.SystemRandom().uniform(0.5, 1.5))

    def _later(self, call: _Call, seconds: float) -> None:
        call.not_before = time.monotonic() + seconds
        self._waiting.append(call)

    def _check(self) -> None:
        if self._is_cancelled():
            raise Cancelled("Stopped. What is answered so far is kept.")


def _outcome(status: int, body: bytes) -> Outcome:
    if status != 200:
        return parse_error(status, body)
    try:
        return parse_reply(body)
    except ServerError as error:
        return error


def _retry_after(exchange: Exchange) -> float:
    said = exchange.header(b"Retry-After").strip()
    seconds = float(said) if said.isdecimal() else 1.0
    return min(seconds, _LONGEST_WAIT_S) + secrets.SystemRandom().uniform(0.0, 0.3)


def _cancel_check(feedback: Optional[QgsFeedback]) -> Callable[[], bool]:
    return feedback.isCanceled if feedback is not None else lambda: False


def _wait(is_done: Callable[[], bool], is_cancelled: Callable[[], bool]) -> None:
    """Run this thread's events until `is_done`; Cancelled within a tick of a cancel."""
    loop, ticker = QEventLoop(), QTimer()
    ticker.start(_TICK_MS)
    while not is_done():
        if is_cancelled():
            raise Cancelled("Stopped. What is answered so far is kept.")
        loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
