"""Errors of an online layer while QGIS draws it. QGIS reports missing tiles only in its message log.

The reported causes contain no URLs, as these may hold API keys.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from qgis.core import Qgis, QgsApplication, QgsNetworkAccessManager, QgsNetworkReplyContent, QgsProviderRegistry
from qgis.PyQt.QtCore import QCoreApplication, QElapsedTimer, QEventLoop, QObject, QUrl, pyqtSlot
from qgis.PyQt.QtNetwork import QNetworkRequest

_ADDRESS = re.compile(r"[a-z]+://(?:\[[0-9a-f:]+\])?[^\s;,)\]]+", re.IGNORECASE)
_LABEL = re.compile(r"\s*[(\[]url:\s*[)\]]|[;,\s]*url:\s*(?=[)\]]|$)", re.IGNORECASE)
_ERROR_STATUS = 400
_STATUS_MS = 300  # the status arrives after the message, through the main thread


class OnlineErrors(QObject):
    """Context manager that collects the errors of one layer. Use it in the thread that runs the event loop."""

    def __init__(self, provider: str, source: str, network: QgsNetworkAccessManager) -> None:
        """provider, source: of the layer. network: the main thread's access manager."""
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
        """Return the most frequent HTTP status, else the first message of QGIS; "" if there are no errors."""
        clock = QElapsedTimer()
        clock.start()
        while self._messages and not self._statuses and clock.elapsed() < _STATUS_MS:
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents, 20)
        if self._statuses:
            return self._statuses.most_common(1)[0][0]
        return self._messages[0] if self._messages else ""

    @pyqtSlot(str, str)  # type: ignore[untyped-decorator]  # untyped in PyQt; runs the slot in the object's thread
    def _logged(self, text: str, _tag: str) -> None:
        addresses = _ADDRESS.findall(text)
        if any(self._is_of_layer(address) for address in addresses):
            self._messages.append(_LABEL.sub("", _ADDRESS.sub("", text)).strip())

    def _replied(self, reply: Any) -> None:
        """Count an error status. Runs in the main thread, as PyQt cannot declare a slot with a QGIS type."""
        status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
        if status and int(status) >= _ERROR_STATUS and self._is_of_layer(reply.request().url().toString()):
            self._statuses[f"HTTP {int(status)}"] += 1

    def _is_of_layer(self, address: str) -> bool:
        """Whether a URL belongs to the layer's server, whose template may have a placeholder in the host name."""
        template, url = self._address, QUrl(address)
        host = re.sub(r"^[a-z]+://", "", template, flags=re.IGNORECASE).split("/")[0].rpartition("}")[2]
        host = re.sub(r":\d*$", "", host.rpartition("@")[2]).strip("[]")  # without login and port
        if host:
            return url.host().endswith(host)
        return address.startswith(template.partition("{")[0])
