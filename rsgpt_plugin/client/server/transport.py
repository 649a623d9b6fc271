"""HTTP requests through Qt in the current thread, with time limits and QGIS's proxy."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from qgis.core import QgsNetworkAccessManager
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QEventLoop, QTimer, QUrl
from qgis.PyQt.QtNetwork import QNetworkAccessManager, QNetworkProxy, QNetworkReply, QNetworkRequest

from ...errors import Cancelled
from ...shared.i18n import mark, marked, translate
from .api_keys import sign
from .endpoint import Endpoint

# Qt opens at most six connections per host and manager, and queues further requests.
_CONNECTIONS = 6
_PROXY_LOGIN = 407
_TICK_MS = 100
_MAX_WAIT_S = 60.0
_LONGEST_GAP_S = 5.0  # between polls; a longer gap means that the machine slept or the caller was busy


@dataclass(frozen=True)
class Limits:
    """Seconds to wait for a connection, for the first byte and between bytes; maximum reply size in bytes.

    A GET request uploads nothing that would show that it is connected, so only first_byte_s applies to it.
    """

    connect_s: float = 10.0
    first_byte_s: float = 600.0
    silence_s: float = 60.0
    reply_bytes: int = 8_000_000


class Ending(Enum):
    """How an exchange ended."""

    WHOLE = "whole"
    BROKEN = mark("the connection was interrupted")
    SILENT = mark("no data within the time limit")
    OVERSIZED = mark("the reply is too large for an answer")


class Exchange:
    """One request and its reply, polled by the thread that sent it. It is the only owner of its QNetworkReply."""

    def __init__(self, reply: QNetworkReply, limits: Limits, uploads: bool) -> None:
        self.body = bytearray()
        self.ending = Ending.WHOLE
        self._reply = reply
        self._limits = limits
        self._connected = not uploads
        self._touched = self._polled = time.monotonic()
        reply.uploadProgress.connect(self._uploaded)

    @property
    def _lost(self) -> bool:
        """True if the Qt object is gone: sip may return the stale wrapper of an older reply."""
        return bool(sip.isdeleted(self._reply))

    @property
    def status(self) -> int:
        """The HTTP status, 0 if none arrived, 407 if the proxy refused the login."""
        if self._lost:
            return 0
        if self._reply.error() == QNetworkReply.NetworkError.ProxyAuthenticationRequiredError:
            return _PROXY_LOGIN
        status = int(self._reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute) or 0)
        # Tinyproxy replies 401 to a wrong login, like a server.
        return _PROXY_LOGIN if status == 401 and "tinyproxy" in self.header(b"Server") else status

    @property
    def reason(self) -> str:
        """The reason of a failure, for messages."""
        if self._lost or self.ending is not Ending.BROKEN:
            return marked(self.ending.value)
        return str(self._reply.errorString())

    def header(self, name: bytes) -> str:
        """Return a header of the reply, or ""."""
        return "" if self._lost else bytes(self._reply.rawHeader(name)).decode("latin-1")

    def poll(self) -> bool:
        """Read the data that has arrived. Return True if the exchange is over: success, failure or a limit."""
        if self._lost:
            self.ending = Ending.BROKEN
            return True
        if time.monotonic() - self._polled > _LONGEST_GAP_S:
            self.touch()
        self._polled = time.monotonic()
        arrived = bytes(self._reply.readAll()) if self._reply.bytesAvailable() else b""
        if arrived:
            self.body += arrived
            self.touch()
        if self._reply.isFinished():
            self.ending = self._finished_ending()
            return True
        self.ending = self._limit_reached()
        return self.ending is not Ending.WHOLE

    def touch(self) -> None:
        """Restart the timeout, after data arrived or after a time without polling."""
        self._touched = time.monotonic()

    def drop(self) -> None:
        """Abort the request and delete the reply."""
        if not self._lost:
            self._reply.abort()
            self._reply.deleteLater()

    def _uploaded(self, sent: int, total: int) -> None:
        self._connected = self._connected or sent > 0
        self.touch()

    def _finished_ending(self) -> Ending:
        error, none = self._reply.error(), QNetworkReply.NetworkError.NoError
        cut = error == QNetworkReply.NetworkError.RemoteHostClosedError
        if self.status == 0 or cut or (error != none and self.status < 300):
            return Ending.BROKEN
        return Ending.OVERSIZED if len(self.body) > self._limits.reply_bytes else Ending.WHOLE

    def _limit_reached(self) -> Ending:
        if len(self.body) > self._limits.reply_bytes:
            return Ending.OVERSIZED
        late = time.monotonic() - self._touched > self._timeout()
        return Ending.SILENT if late else Ending.WHOLE

    def _timeout(self) -> float:
        if self.body:
            return self._limits.silence_s
        return self._limits.first_byte_s if self._connected else self._limits.connect_s


class Transport:
    """Sends requests to one endpoint. Use it only in the thread that created it."""

    def __init__(self, endpoint: Endpoint, limits: Limits, in_flight: int) -> None:
        self.endpoint = endpoint
        self._limits = limits
        self._managers = _managers(endpoint, in_flight)
        self._load = [0] * len(self._managers)
        self._open: dict[Exchange, int] = {}

    def post(self, route: str, body: bytes) -> Exchange:
        """Send `body` as JSON to `route`, see Endpoint.address."""
        slot = self._load.index(min(self._load))
        return self._track(self._managers[slot].post(self._request(route), body), slot, uploads=True)

    def get(self, route: str) -> Exchange:
        """Send a GET request to `route`."""
        return self._track(self._managers[0].get(self._request(route)), 0, uploads=False)

    def release(self, exchange: Exchange) -> None:
        """Remove an exchange, aborting it if it is still running."""
        self._load[self._open.pop(exchange)] -= 1
        exchange.drop()

    def touch(self) -> None:
        """Restart the timeouts of all exchanges, after a time without polling."""
        for exchange in self._open:
            exchange.touch()

    def close(self) -> None:
        """Abort all exchanges."""
        for exchange in list(self._open):
            self.release(exchange)

    def _track(self, reply: QNetworkReply, slot: int, uploads: bool) -> Exchange:
        timer = reply.findChild(QTimer, "timeoutTimer")
        if timer is not None:  # QGIS aborts after a minute without data; a model may need longer
            timer.stop()
        exchange = Exchange(reply, self._limits, uploads)
        self._open[exchange] = slot
        self._load[slot] += 1
        return exchange

    def _request(self, route: str) -> QNetworkRequest:
        request = QNetworkRequest(QUrl(self.endpoint.address(route)))
        request.setRawHeader(b"Content-Type", b"application/json")
        request.setRawHeader(b"Accept-Encoding", b"identity")
        if not self.endpoint.is_local:
            # If a server or proxy sends two replies, the second must not become the answer to the next request.
            request.setRawHeader(b"Connection", b"close")
        if self.endpoint.api_key:
            request.setRawHeader(b"Authorization", b"Bearer " + self.endpoint.api_key.encode("ascii"))
        if self.endpoint.auth:
            sign(request, self.endpoint.auth)
        manual = QNetworkRequest.RedirectPolicy.ManualRedirectPolicy
        policy = int(getattr(manual, "value", manual))
        request.setAttribute(QNetworkRequest.Attribute.RedirectPolicyAttribute, policy)
        no_cache = QNetworkRequest.CacheLoadControl.AlwaysNetwork
        request.setAttribute(
            QNetworkRequest.Attribute.CacheLoadControlAttribute, int(getattr(no_cache, "value", no_cache))
        )
        request.setAttribute(QNetworkRequest.Attribute.CacheSaveControlAttribute, False)
        return request


def _managers(endpoint: Endpoint, in_flight: int) -> list[QNetworkAccessManager]:
    if not endpoint.is_loopback:
        return [QgsNetworkAccessManager.instance()]
    managers = [QNetworkAccessManager() for _ in range(-(-in_flight // _CONNECTIONS))]
    for manager in managers:
        manager.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
    return managers


def retry_after(exchange: Exchange) -> float:
    """Return the seconds to wait before a refused request is sent again."""
    header = exchange.header(b"Retry-After").strip()
    seconds = float(header) if header.isdecimal() else 1.0
    return min(seconds, _MAX_WAIT_S) + secrets.SystemRandom().uniform(0.0, 0.3)


def wait(is_done: Callable[[], bool], is_cancelled: Callable[[], bool]) -> None:
    """Process this thread's Qt events until `is_done`. Raises Cancelled on cancel."""
    loop, ticker = QEventLoop(), QTimer()
    ticker.start(_TICK_MS)
    while not is_done():
        if is_cancelled():
            raise Cancelled(translate("Rsgpt", "Stopped. Answers so far are kept."))
        loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
