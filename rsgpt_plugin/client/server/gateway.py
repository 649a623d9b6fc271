"""Asks a model server many things at once and hands back answers. Knows nothing of rasters, layers and files."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Optional

from qgis.core import QgsFeedback
from qgis.PyQt.QtCore import QEventLoop, QTimer

from ...errors import Cancelled, ModelError, RsgptError, ServerError
from ...shared.i18n import translate
from ..installed_models import ModelInfo
from ..model_client import Outcome, cancel_check, read_outcome
from .downscaling import PictureLimit, next_smaller
from .endpoint import Endpoint, ServerConnection
from .protocol import Prompt, Reply, build_request, error_words, parse_error, parse_models
from .refusal_reasons import Complaint, read_complaint
from .request_limit import Allowance
from .server_quirks import ServerQuirks, manners_of
from .streaming import StreamedReply, asking_to_stream
from .transport import Ending, Exchange, Limits, Transport

_TICK_MS = 100
_MOST_RETRIES = 2
_MOST_SHRINKS = 6
_HOPELESS = 10  # so many failures and no answer at all end a run
_LONGEST_WAIT_S = 60.0
_MOST_TOKENS = 256  # of an answer; ours knows its model's own limit, others may write on without one
_DYING_S = 0.5  # that a server may take to end after it has closed its port
_STEADY = 100  # so many answers since a restart earn the server another one
_FATAL = (301, 302, 303, 307, 308, 401, 403, 404, 407)


@dataclass
class _Call:
    """A prompt that has no answer yet. not_before, turned_away: monotonic seconds, the latter of the first time.

    free, plain: it is sent without structured output, and then without all optional fields, to see what was refused.
    """

    index: int
    prompt: Prompt
    retries: int = 0
    shrinks: int = 0
    free: bool = False
    plain: bool = False
    turned_away: float = 0.0
    not_before: float = 0.0


class Gateway:
    """The way to one server, for one run. Use it in one thread; it may be made in another."""

    def __init__(
        self,
        server: ServerConnection,
        model: str,
        limits: Optional[Limits] = None,
        pictures: Optional[PictureLimit] = None,
    ) -> None:
        """pictures: what the server takes, as far as a person has said so; the rest is learned."""
        self._server = server
        self._model = model
        self._pictures = pictures or PictureLimit()
        self._restarts_left = 1
        self._since_restart = 0
        self._is_ours = False
        self.limits = limits or Limits()
        self.manners = ServerQuirks(self._pictures)

    def ask_many(
        self, prompts: Iterable[Prompt], feedback: Optional[QgsFeedback] = None
    ) -> Iterator[tuple[int, Outcome]]:
        """See Asker. Cancelled within a tick; senseless are a wrong key, an unknown model, a second death soon."""
        run = _Run(self, prompts, feedback)
        try:
            yield from run.outcomes()
        finally:
            run.close()

    def ask_one(self, prompt: Prompt, on_text: Callable[[str], None], feedback: Optional[QgsFeedback] = None) -> Reply:
        """See Asker. What the server does not stream is asked for in one piece, with all the patience of a run."""
        streamed, is_cancelled = StreamedReply(on_text), cancel_check(feedback)
        transport = self.open(is_cancelled)
        try:
            exchange = self._stream(transport, streamed, prompt, is_cancelled)
            if exchange.status in _FATAL:
                raise parse_error(exchange.status, bytes(exchange.body))
            if exchange.status == 200 and (streamed.is_over or exchange.ending is Ending.WHOLE):
                return streamed.reply(exchange.body)
            if streamed.has_begun or exchange.ending in (Ending.SILENT, Ending.OVERSIZED):
                raise ServerError(self.silence(transport.endpoint, exchange.reason))
        finally:
            transport.close()
        for _, outcome in self.ask_many([prompt], feedback):
            if isinstance(outcome, RsgptError):
                raise outcome
            on_text(outcome.text)
            return outcome
        raise ServerError(translate("Rsgpt", "The model server sent no answer. Ask again."))

    def _stream(
        self, transport: Transport, streamed: StreamedReply, prompt: Prompt, is_cancelled: Callable[[], bool]
    ) -> Exchange:
        """Follow the answer to its end; a busy server is asked again when it says."""
        body = asking_to_stream(self.request(prompt))
        begin = time.monotonic()
        while True:
            exchange = transport.post("chat/completions", body)
            _wait(lambda: _follow(exchange, streamed), is_cancelled)  # noqa: B023 - called before the next round
            if exchange.status not in (429, 503) or time.monotonic() - begin > self.limits.first_byte_s:
                return exchange
            due = time.monotonic() + _retry_after(exchange)
            transport.release(exchange)
            _wait(lambda: time.monotonic() >= due, is_cancelled)  # noqa: B023 - called before the next round

    def models(self, feedback: Optional[QgsFeedback] = None) -> list[ModelInfo]:
        """Return what the server lists."""
        endpoint = self._server.endpoint(cancel_check(feedback))
        transport = Transport(endpoint, self.limits, 1)
        try:
            exchange = transport.get("models")
            _wait(exchange.poll, cancel_check(feedback))
            if exchange.ending is not Ending.WHOLE:
                raise ServerError(self.silence(endpoint, exchange.reason))
            if exchange.status != 200:
                raise parse_error(exchange.status, bytes(exchange.body))
            return parse_models(bytes(exchange.body))
        finally:
            transport.close()

    def identity(self, feedback: Optional[QgsFeedback] = None) -> ModelInfo:
        """See Asker."""
        try:
            listed = self.models(feedback)
        except ServerError:
            due = time.monotonic() + _DYING_S
            _wait(lambda: time.monotonic() >= due, cancel_check(feedback))
            listed = self.models(feedback)  # starts a server of ours again that has died
        return next((one for one in listed if one.name == self._model), ModelInfo(self._model))

    def open(self, is_cancelled: Callable[[], bool]) -> Transport:
        """Return a transport to the server, starting the server if need be."""
        return self._transport(self._server.endpoint(is_cancelled))

    def reopen(self, failed: Endpoint, is_cancelled: Callable[[], bool]) -> Transport:
        """Return a transport to the restarted server. Once in many answers; where it dies again soon, it raises."""
        if not self._restarts_left:
            words = translate(
                "Rsgpt", "The model server stopped twice in this run. What is answered is kept; run again to go on."
            )
            raise ServerError(f"{words} {self._server.log_tail()}".strip())
        self._restarts_left, self._since_restart = 0, 0
        return self._transport(self._server.restart(failed, is_cancelled))

    def answered(self) -> None:
        """Count an answer: a server that has given many is not the kind that dies of the next question."""
        self._since_restart += 1
        if self._since_restart >= _STEADY:
            self._restarts_left = 1

    def can_restart(self, silent: bool) -> bool:
        """Whether a restart would help."""
        return self._server.can_restart(silent)

    def request(self, prompt: Prompt, free: bool = False, plain: bool = False) -> bytes:
        """Return the body that asks `prompt`, as the server likes it. free, plain: see _Call."""
        fitted = self.manners.fit(prompt, free)
        if not (self._is_ours or fitted.max_tokens):
            fitted = replace(fitted, max_tokens=_MOST_TOKENS)
        return build_request(fitted, self._model, plain or self.manners.plain)

    def allowance(self) -> Allowance:
        """Return how many requests may be under way, for one run."""
        return Allowance(self._server.in_flight_at_first, self._server.in_flight)

    def silence(self, endpoint: Endpoint, reason: str) -> str:
        """Return the sentence for a server that cannot be reached."""
        said = translate(
            "Rsgpt", "The model server at {url} does not answer ({reason}). Check that it runs, then run again."
        )
        return f"{said.format(url=endpoint.url, reason=reason)} {self._server.log_tail()}".strip()

    def _transport(self, endpoint: Endpoint) -> Transport:
        self._is_ours = endpoint.ours
        self.manners = manners_of(endpoint.origin, self._pictures)
        return Transport(endpoint, self.limits, self._server.in_flight)


class _Run:
    """One ask_many: what waits, what is under way, what to do with each end."""

    def __init__(self, gateway: Gateway, prompts: Iterable[Prompt], feedback: Optional[QgsFeedback]) -> None:
        self._gateway = gateway
        self._prompts = enumerate(prompts)
        self._is_cancelled = cancel_check(feedback)
        self._allowance = gateway.allowance()
        self._failures = 0  # before the first answer
        self._answers = 0
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
        while len(self._active) < self._allowance.allowed:
            call = self._next_call()
            if call is None:
                break
            self._check()
            if self._transport is None:
                self._transport = self._gateway.open(self._is_cancelled)
            body = self._gateway.request(call.prompt, call.free, call.plain)
            self._active[self._transport.post("chat/completions", body)] = call
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
            return _Call(index, prompt)
        return None

    def _collect(self, ended: list[Exchange]) -> bool:
        ended.extend(exchange for exchange in self._active if exchange.poll())
        has_room, due = len(self._active) < self._allowance.allowed, time.monotonic()
        return bool(ended) or (has_room and any(call.not_before <= due for call in self._waiting))

    def _settle(self, exchange: Exchange) -> Optional[tuple[int, Outcome]]:
        """Return the outcome of a finished exchange, or None where its call goes another round."""
        call = self._active.pop(exchange, None)
        transport = self._transport
        if call is None or transport is None:  # a restart took it along with the others
            return None
        ending, status, body = exchange.ending, exchange.status, bytes(exchange.body)
        transport.release(exchange)
        if ending is Ending.OVERSIZED:
            return call.index, ServerError(
                translate("Rsgpt", "The model server misbehaves: {reason}. Restart it.").format(reason=exchange.reason)
            )
        if ending is not Ending.WHOLE:
            self._recover(call, exchange, transport)
            return None
        if status == 200:
            return self._taken(call, read_outcome(body))
        complaint = read_complaint(status, error_words(body))
        if self._postponed(call, exchange, complaint) or self._adapted(call, complaint):
            return None
        error = parse_error(status, body)
        if status in _FATAL or complaint is Complaint.KEY:
            raise error
        return self._taken(call, error)

    def _taken(self, call: _Call, outcome: Outcome) -> tuple[int, Outcome]:
        """Note how it went, and raise what makes it senseless to go on."""
        if isinstance(outcome, Reply):
            self._answers += 1
            self._allowance.answered()
            self._gateway.answered()
            self._gateway.manners.plain |= call.plain
            if call.free and not call.plain:
                self._gateway.manners.unknown_structures.add(call.prompt.structure_kind)
        else:
            self._failures += 1
            if isinstance(outcome, ModelError):
                raise outcome
            if not self._answers and self._failures >= _HOPELESS:
                raise ServerError(
                    translate(
                        "Rsgpt", "The first {hopeless} questions all failed, so the rest is not asked. {outcome}"
                    ).format(hopeless=_HOPELESS, outcome=outcome)
                )
        return call.index, outcome

    def _postponed(self, call: _Call, exchange: Exchange, complaint: Complaint) -> bool:
        """Whether the server was busy, loading or stumbled, so that the call was put back to be sent later."""
        if exchange.status in (429, 503):
            self._allowance.fell_behind()
            call.turned_away = call.turned_away or time.monotonic()
            patience = self._gateway.limits.first_byte_s
            if time.monotonic() - call.turned_away > patience:
                said = error_words(bytes(exchange.body))
                raise ServerError(
                    translate("Rsgpt", "The model server has been busy for {patience:.0f} s. Run again later. {said}")
                    .format(patience=patience, said=said)
                    .strip()
                )
            self._later(call, _retry_after(exchange))
            return True
        if exchange.status >= 500 and complaint is Complaint.OTHER and call.retries < _MOST_RETRIES:
            self._retry(call)
            return True
        return False

    def _adapted(self, call: _Call, complaint: Complaint) -> bool:
        """Whether the call was put back to be sent in another way: with a smaller picture, or fewer fields."""
        manners = self._gateway.manners
        if complaint is Complaint.TOO_LARGE and call.shrinks < _MOST_SHRINKS:
            smaller = next_smaller(manners.fit(call.prompt).image)
            if smaller is not None:
                call.shrinks += 1
                manners.limit = manners.limit.tightest(smaller)
                self._later(call, 0.0)
                return True
        if complaint not in (Complaint.FIELDS, Complaint.TOO_LARGE):
            return False
        kind = call.prompt.structure_kind
        if kind and not (call.free or manners.plain or kind in manners.unknown_structures):
            call.free = True
            self._later(call, 0.0)
            return True
        if call.plain or manners.plain or manners.all_fields:
            manners.all_fields |= call.plain
            return False
        call.plain = True
        self._later(call, 0.0)
        return True

    def _recover(self, call: _Call, exchange: Exchange, transport: Transport) -> None:
        """Send again what broke off, if need be to a restarted server."""
        if self._gateway.can_restart(silent=exchange.ending is Ending.SILENT):
            transport.close()
            self._waiting.extendleft([call, *self._active.values()])
            self._active.clear()
            self._transport = self._gateway.reopen(transport.endpoint, self._is_cancelled)
        elif call.retries < _MOST_RETRIES and (exchange.ending is Ending.BROKEN or self._active):
            if exchange.ending is Ending.SILENT:
                self._allowance.fell_behind()  # what was silent among several may be answered among fewer
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
            raise Cancelled(translate("Rsgpt", "Stopped. What is answered so far is kept."))


def _follow(exchange: Exchange, streamed: StreamedReply) -> bool:
    """Take what has arrived of a streamed answer; True at its end."""
    is_over = exchange.poll()
    if exchange.status == 200:
        streamed.read(exchange.body)
    return is_over or streamed.is_over


def _retry_after(exchange: Exchange) -> float:
    said = exchange.header(b"Retry-After").strip()
    seconds = float(said) if said.isdecimal() else 1.0
    return min(seconds, _LONGEST_WAIT_S) + secrets.SystemRandom().uniform(0.0, 0.3)


def _wait(is_done: Callable[[], bool], is_cancelled: Callable[[], bool]) -> None:
    """Run this thread's events until `is_done`; Cancelled within a tick of a cancel."""
    loop, ticker = QEventLoop(), QTimer()
    ticker.start(_TICK_MS)
    while not is_done():
        if is_cancelled():
            raise Cancelled(translate("Rsgpt", "Stopped. What is answered so far is kept."))
        loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
