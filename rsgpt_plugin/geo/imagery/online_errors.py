"""What goes wrong while an online layer is drawn: QGIS reports tiles that did not arrive in its log alone.

Knows no pictures. Addresses do not get into what it says: they may hold keys.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from qgis.core import Qgis, QgsApplication, QgsNetworkAccessManager, QgsNetworkReplyContent, QgsProviderRegistry
from qgis.PyQt.QtCore import QCoreApplication, QElapsedTimer, QEventLoop, QObject, QUrl, pyqtSlot
from qgis.PyQt.QtNetwork import QNetworkRequest

_ADDRESS = re.compile(r"[a-z]+://[^\s;,)\]]+", re.IGNORECASE)
_LABEL = re.compile(r"\s*[(\[]url:\s*[)\]]|[;,\s]*url:\s*(?=[)\]]|$)", re.IGNORECASE)
_BAD = 400
_STATUS_MS = 300  # the status of a reply comes later than the message, by way of the main thread


class OnlineErrors(QObject):
    """Collects the errors of one layer while it is entered; belongs to the thread that runs its event loop."""

    def __init__(self, provider: str, source: str, network: QgsNetworkAccessManager) -> None:
        """source: of the layer. network: the main thread's."""
        super().__init__()
        parts = QgsProviderRegistry.instance().decodeUri(provider, source)
        self._address = str(parts.get("url") or "")
        self._network = network
        self._messages: list[str] = []
        self._statuses: Counter[str] = Counter()

    def __enter__(self) -> OnlineErrors:
        if self._address:
            QgsApplication.messageLog().messageReceived[str, str, Qgis.MessageLevel].connect(self._logged)
            self._network.finished[QgsNetworkReplyContent].connect(self._replied)
        return self

    def __exit__(self, *_: object) -> None:
        if self._address:
            QgsApplication.messageLog().messageReceived[str, str, Qgis.MessageLevel].disconnect(self._logged)
            self._network.finished[QgsNetworkReplyContent].disconnect(self._replied)

    def cause(self) -> str:
        """The server's status where one is known, else QGIS's message; "" where nothing went wrong."""
        clock = QElapsedTimer()
        clock.start()
        while self._messages and not self._statuses and clock.elapsed() < _STATUS_MS:
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents, 20)
        if self._statuses:
            return self._statuses.most_common(1)[0][0]
        return self._messages[0] if self._messages else ""

    @pyqtSlot(str, str)  # type: ignore[untyped-decorator]  # PyQt has no types; it makes this run in its own thread
    def _logged(self, text: str, _tag: str) -> None:
        addresses = _ADDRESS.findall(text)
        if any(self._is_ours(address) for address in addresses):
            self._messages.append(_LABEL.sub("", _ADDRESS.sub("", text)).strip())

    def _replied(self, reply: Any) -> None:
        """Count it; called in the main thread, as PyQt makes no slot with a type of QGIS."""
        status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
        if status and int(status) >= _BAD and self._is_ours(reply.request().url().toString()):
            self._statuses[f"HTTP {int(status)}"] += 1

    def _is_ours(self, address: str) -> bool:
        """Whether an address is of the layer's server; its template may leave open the server's first name."""
        template, asked = self._address, QUrl(address)
        host = re.sub(r"^[a-z]+://", "", template, flags=re.IGNORECASE).split("/")[0].rpartition("}")[2]
        host = host.rpartition("@")[2].rpartition(":")[0] or host
        if host:
            return asked.host().endswith(host)
        return address.startswith(template.partition("{")[0])
