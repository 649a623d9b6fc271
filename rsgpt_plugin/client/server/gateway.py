"""A client for model servers: parallel requests for runs, streamed answers, retries and restarts."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Optional

from qgis.core import QgsFeedback
from qgis.PyQt.QtCore import QEventLoop

from ...errors import Cancelled, ModelError, RsgptError, ServerError
from ...shared.i18n import translate
from ..installed_models import ModelInfo
from ..model_client import Outcome, Vectors, cancel_check, read_outcome
from .downscaling import PictureLimit, next_smaller
from .endpoint import Endpoint, ServerConnection
from .protocol import (
    Prompt,
    Reply,
    build_embedding_request,
    build_request,
    error_message,
    parse_embeddings,
    parse_error,
    parse_models,
)
from .refusal_reasons import Complaint, classify_refusal
from .request_limit import Allowance
from .server_quirks import ServerQuirks, quirks_of
from .streaming import StreamedReply, streaming_request
from .transport import Ending, Exchange, Limits, Transport, retry_after, wait

_MAX_RETRIES = 2
_MAX_SHRINKS = 6
_MAX_FIRST_FAILURES = 10  # failures before the first answer that end a run
_MAX_TOKENS = 256  # per answer, for external servers; the local server knows the limit of its model
_ANSWERS_PER_RESTART = 100  # answers after which a server may be restarted again
_FATAL_STATUSES = (301, 302, 303, 307, 308, 401, 403, 404, 407)


@dataclass
class _Call:
    """A prompt without an answer. not_before, refused_at: monotonic seconds of the next try and of the first refusal.

    unstructured, plain: send it without structured output, or without all optional fields, to find what the server
    refuses.
    """

    index: int
    prompt: Prompt
    retries: int = 0
    shrinks: int = 0
    unstructured: bool = False
    plain: bool = False
    refused_at: float = 0.0
    not_before: float = 0.0


class Gateway:
    """A ModelClient for one server and one run. Use it in one thread; it may be created in another."""

    def __init__(
        self,
        server: ServerConnection,
        model: str,
        limits: Optional[Limits] = None,
        pictures: Optional[PictureLimit] = None,
    ) -> None:
        """pictures: picture limits set by the user. Lower limits are learned from refusals."""
        self._server = server
        self._model = model
        self._pictures = pictures or PictureLimit()
        self._restarts_left = 1
        self._since_restart = 0
        self._is_local = False
        self.limits = limits or Limits()
        self.quirks = ServerQuirks(self._pictures)

    def ask_many(
        self, prompts: Iterable[Prompt], feedback: Optional[QgsFeedback] = None
    ) -> Iterator[tuple[int, Outcome]]:
        """See ModelClient. A wrong key, an unknown model or repeated crashes of the server end the run."""
        run = _Run(self, prompts, feedback)
        try:
            yield from run.outcomes()
        finally:
            run.close()

    def ask_one(self, prompt: Prompt, on_text: Callable[[str], None], feedback: Optional[QgsFeedback] = None) -> Reply:
        """See ModelClient. If the server cannot stream, request the answer in one piece, with the retries of a run."""
        streamed, is_cancelled = StreamedReply(on_text), cancel_check(feedback)
        transport = self.open(is_cancelled)
        try:
            exchange = self._stream(transport, streamed, prompt, is_cancelled)
            if exchange.status in _FATAL_STATUSES:
                raise parse_error(exchange.status, bytes(exchange.body))
            if exchange.status == 200 and (streamed.is_over or exchange.ending is Ending.WHOLE):
                return streamed.reply(exchange.body)
            if streamed.has_begun or exchange.ending in (Ending.SILENT, Ending.OVERSIZED):
                raise ServerError(self.unreachable_message(transport.endpoint, exchange.reason))
        finally:
            transport.close()
        for _, outcome in self.ask_many([prompt], feedback):
            if isinstance(outcome, RsgptError):
                raise outcome
            on_text(outcome.text)
            return outcome
        raise ServerError(translate("Rsgpt", "The model server sent no answer. Ask the question again."))

    def _stream(
        self, transport: Transport, streamed: StreamedReply, prompt: Prompt, is_cancelled: Callable[[], bool]
    ) -> Exchange:
        """Post the prompt and read the stream to its end. Wait and retry if the server is busy."""
        body = streaming_request(self.request(prompt))
        begin = time.monotonic()
        while True:
            exchange = transport.post("chat/completions", body)
            wait(lambda: _follow(exchange, streamed), is_cancelled)  # noqa: B023 - called before the next round
            if exchange.status not in (429, 503) or time.monotonic() - begin > self.limits.first_byte_s:
                return exchange
            due = time.monotonic() + retry_after(exchange)
            transport.release(exchange)
            wait(lambda: time.monotonic() >= due, is_cancelled)  # noqa: B023 - called before the next round

    def models(self, feedback: Optional[QgsFeedback] = None) -> list[ModelInfo]:
        """Return the models that the server lists. Raises RsgptError."""
        return parse_models(self._reply(lambda transport: transport.get("models"), feedback))

    def embed_texts(self, texts: Sequence[str], feedback: Optional[QgsFeedback] = None, model: str = "") -> Vectors:
        body = build_embedding_request(texts, model or self._model)
        return parse_embeddings(self._reply(lambda transport: transport.post("embeddings", body), feedback))

    def _reply(self, send: Callable[[Transport], Exchange], feedback: Optional[QgsFeedback]) -> bytes:
        """Return the body of the reply to a single request. Raises RsgptError."""
        endpoint = self._server.endpoint(cancel_check(feedback))
        transport = Transport(endpoint, self.limits, 1)
        try:
            exchange = send(transport)
            wait(exchange.poll, cancel_check(feedback))
            if exchange.ending is not Ending.WHOLE:
                raise ServerError(self.unreachable_message(endpoint, exchange.reason))
            if exchange.status != 200:
                raise parse_error(exchange.status, bytes(exchange.body))
            return bytes(exchange.body)
        finally:
            transport.close()

    def identity(self, feedback: Optional[QgsFeedback] = None) -> ModelInfo:
        is_cancelled = cancel_check(feedback)
        endpoint = self._server.endpoint(is_cancelled)
        try:
            listed = self.models(feedback)
        except ServerError:
            if not self.can_restart(silent=False):
                raise
            self._server.restart(endpoint, is_cancelled)
            listed = self.models(feedback)
        return next((model for model in listed if model.name == self._model), ModelInfo(self._model))

    def open(self, is_cancelled: Callable[[], bool]) -> Transport:
        """Return a transport to the server, after starting a local server if needed."""
        return self._transport(self._server.endpoint(is_cancelled))

    def reopen(self, failed: Endpoint, is_cancelled: Callable[[], bool]) -> Transport:
        """Restart the server and return a transport to it. Raises ServerError if it crashed again too soon."""
        if not self._restarts_left:
            message = translate(
                "Rsgpt", "The model server stopped twice in this run. Answers so far are kept; run again to resume."
            )
            raise ServerError(f"{message} {self._server.log_tail()}".strip())
        self._restarts_left, self._since_restart = 0, 0
        return self._transport(self._server.restart(failed, is_cancelled))

    def answered(self) -> None:
        """Count an answer. After many answers a crash is unlikely to repeat, so another restart is allowed."""
        self._since_restart += 1
        if self._since_restart >= _ANSWERS_PER_RESTART:
            self._restarts_left = 1

    def can_restart(self, silent: bool) -> bool:
        """Return whether a restart can help."""
        return self._server.can_restart(silent)

    def request(self, prompt: Prompt, unstructured: bool = False, plain: bool = False) -> bytes:
        """Return the body of the request for `prompt`, adapted to the server. unstructured, plain: see _Call."""
        adapted = self.quirks.fit(prompt, unstructured)
        if not (self._is_local or adapted.max_tokens):
            adapted = replace(adapted, max_tokens=_MAX_TOKENS)
        return build_request(adapted, self._model, plain or self.quirks.plain)

    def allowance(self) -> Allowance:
        """Return a new limit of requests in flight, for one run."""
        return Allowance(self._server.initial_in_flight, self._server.in_flight)

    def unreachable_message(self, endpoint: Endpoint, reason: str) -> str:
        """Return the message for a server that does not answer, with the end of its log."""
        message = translate(
            "Rsgpt", "The model server at {url} does not answer ({reason}). Check that it is running, then run again."
        )
        return f"{message.format(url=endpoint.url, reason=reason)} {self._server.log_tail()}".strip()

    def _transport(self, endpoint: Endpoint) -> Transport:
        self._is_local = endpoint.is_local
        self.quirks = quirks_of(endpoint.origin, self._pictures)
        return Transport(endpoint, self.limits, self._server.in_flight)


class _Run:
    """One call of `ask_many`: its waiting and active calls, and the handling of each reply."""

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
                self._transport.touch()  # nothing was polled while the pictures were captured
            ended: list[Exchange] = []
            wait(lambda: self._collect(ended), self._is_cancelled)  # noqa: B023 - called before the next round
            for exchange in ended:
                outcome = self._settle(exchange)
                if outcome is not None:
                    yield outcome

    def close(self) -> None:
        """Abort the requests in flight."""
        self._active.clear()
        if self._transport is not None:
            self._transport.close()

    def _fill(self) -> bool:
        """Send as many calls as allowed, but stop at the first reply, so that its answer is stored before more pictures
        are captured. Return False if no call is waiting or active.
        """
        is_answered = False
        while len(self._active) < self._allowance.allowed and not is_answered:
            call = self._next_call()
            if call is None:
                break
            self._check()
            if self._transport is None:
                self._transport = self._gateway.open(self._is_cancelled)
            body = self._gateway.request(call.prompt, call.unstructured, call.plain)
            self._active[self._transport.post("chat/completions", body)] = call
            self._loop.processEvents()  # send it while the next picture is captured
            is_answered = any(exchange.poll() for exchange in self._active)
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
        """Return the outcome of a finished exchange, or None if its call will be sent again."""
        call = self._active.pop(exchange, None)
        transport = self._transport
        if call is None or transport is None:  # a restart requeued it
            return None
        ending, status, body = exchange.ending, exchange.status, bytes(exchange.body)
        transport.release(exchange)
        if ending is Ending.OVERSIZED:
            message = translate("Rsgpt", "The model server sent an invalid reply ({reason}). Restart it.")
            return call.index, ServerError(message.format(reason=exchange.reason))
        if ending is not Ending.WHOLE:
            self._recover(call, exchange, transport)
            return None
        if status == 200:
            return self._recorded(call, read_outcome(body))
        complaint = classify_refusal(status, error_message(body))
        if self._postpone(call, exchange, complaint) or self._adapt(call, complaint):
            return None
        error = parse_error(status, body)
        if status in _FATAL_STATUSES or complaint is Complaint.KEY:
            raise error
        return self._recorded(call, error)

    def _recorded(self, call: _Call, outcome: Outcome) -> tuple[int, Outcome]:
        """Record the outcome and return it with its index. Raises RsgptError if the run cannot continue."""
        if isinstance(outcome, Reply):
            self._answers += 1
            self._allowance.answered()
            self._gateway.answered()
            self._gateway.quirks.plain |= call.plain
            if call.unstructured and not call.plain:
                self._gateway.quirks.unknown_structures.add(call.prompt.structure_kind)
        else:
            self._failures += 1
            if isinstance(outcome, ModelError):
                raise outcome
            if not self._answers and self._failures >= _MAX_FIRST_FAILURES:
                message = translate(
                    "Rsgpt", "The first {hopeless} questions all failed, so the run was stopped. {outcome}"
                )
                raise ServerError(message.format(hopeless=_MAX_FIRST_FAILURES, outcome=outcome))
        return call.index, outcome

    def _postpone(self, call: _Call, exchange: Exchange, complaint: Complaint) -> bool:
        """Requeue the call if the server is busy or had an internal error. Return whether it was requeued."""
        if exchange.status in (429, 503):
            self._allowance.server_is_slow()
            call.refused_at = call.refused_at or time.monotonic()
            patience = self._gateway.limits.first_byte_s
            if time.monotonic() - call.refused_at > patience:
                message = error_message(bytes(exchange.body))
                raise ServerError(
                    translate("Rsgpt", "The model server has been busy for {patience:.0f} s. Run again later. {said}")
                    .format(patience=patience, said=message)
                    .strip()
                )
            self._requeue(call, retry_after(exchange))
            return True
        if exchange.status >= 500 and complaint is Complaint.OTHER and call.retries < _MAX_RETRIES:
            self._retry(call)
            return True
        return False

    def _adapt(self, call: _Call, complaint: Complaint) -> bool:
        """Requeue the call with a smaller picture or fewer fields, if that can help. Return whether it was requeued."""
        quirks = self._gateway.quirks
        if complaint is Complaint.TOO_LARGE and call.shrinks < _MAX_SHRINKS:
            smaller = next_smaller(quirks.fit(call.prompt).image)
            if smaller is not None:
                call.shrinks += 1
                quirks.limit = quirks.limit.strictest(smaller)
                self._requeue(call, 0.0)
                return True
        if complaint not in (Complaint.FIELDS, Complaint.TOO_LARGE):
            return False
        kind = call.prompt.structure_kind
        if kind and not (call.unstructured or quirks.plain or kind in quirks.unknown_structures):
            call.unstructured = True
            self._requeue(call, 0.0)
            return True
        if call.plain or quirks.plain or quirks.accepts_all_fields:
            quirks.accepts_all_fields |= call.plain
            return False
        call.plain = True
        self._requeue(call, 0.0)
        return True

    def _recover(self, call: _Call, exchange: Exchange, transport: Transport) -> None:
        """Requeue a call whose exchange failed, after restarting the server if needed. Raises ServerError."""
        if self._gateway.can_restart(silent=exchange.ending is Ending.SILENT):
            transport.close()
            self._waiting.extendleft([call, *self._active.values()])
            self._active.clear()
            self._transport = self._gateway.reopen(transport.endpoint, self._is_cancelled)
        elif call.retries < _MAX_RETRIES and (exchange.ending is Ending.BROKEN or self._active):
            if exchange.ending is Ending.SILENT:
                self._allowance.server_is_slow()  # the server may answer when it has fewer requests
            self._retry(call)
        else:
            raise ServerError(self._gateway.unreachable_message(transport.endpoint, exchange.reason))

    def _retry(self, call: _Call) -> None:
        call.retries += 1
        self._requeue(call, 0.5 * 2**call.retries * secrets.SystemRandom().uniform(0.5, 1.5))

    def _requeue(self, call: _Call, seconds: float) -> None:
        call.not_before = time.monotonic() + seconds
        self._waiting.append(call)

    def _check(self) -> None:
        if self._is_cancelled():
            raise Cancelled(translate("Rsgpt", "Stopped. Answers so far are kept."))


def _follow(exchange: Exchange, streamed: StreamedReply) -> bool:
    """Read the new part of a streamed answer. Return True at its end."""
    is_over = exchange.poll()
    if exchange.status == 200:
        streamed.read(exchange.body)
    return is_over or streamed.is_over
