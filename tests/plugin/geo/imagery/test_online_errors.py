"""The cause of missing online tiles is that of the layer's own server, without addresses and keys."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import quote

import pytest
from qgis.core import Qgis, QgsMessageLog, QgsNetworkAccessManager
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtNetwork import QNetworkRequest

from rsgpt_plugin.geo.imagery.online_errors import OnlineErrors
from tests.plugin.waiting import wait_until

ZXY = "{z}/{x}/{y}.png"

pytestmark = pytest.mark.usefixtures("qgis_app")


class StatusHandler(BaseHTTPRequestHandler):
    """Replies with the status in the first part of the path."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.split("/")[1]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server on this machine."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), StatusHandler)
    Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


def errors_of(template: str) -> OnlineErrors:
    """Return the errors of a tile layer. template: of the addresses of its tiles."""
    source = f"type=xyz&url={quote(template, safe=':/@,[]')}&zmax=19&zmin=0"
    return OnlineErrors("wms", source, QgsNetworkAccessManager.instance())


def log(text: str) -> None:
    """Report a message as QGIS's providers do."""
    QgsMessageLog.logMessage(text, "WMS", Qgis.MessageLevel.Warning, False)


def request(*addresses: str) -> None:
    """Request these addresses, one after the other, and wait for the replies."""
    for address in addresses:
        reply = QgsNetworkAccessManager.instance().get(QNetworkRequest(QUrl(address)))
        wait_until(reply.isFinished)


def test_without_messages_there_is_no_cause() -> None:
    with errors_of(f"https://tiles.example.org/{ZXY}") as errors:
        assert errors.cause() == ""


@pytest.mark.parametrize(
    ("template", "address"),
    [
        (f"https://tiles.example.org/{ZXY}", "https://tiles.example.org/1/2/3.png"),
        (f"https://tiles.example.org/{ZXY}?key=SECRET", "https://tiles.example.org/1/2/3.png?key=SECRET"),
        (f"https://{{s}}.example.org/{ZXY}", "https://a.example.org/1/2/3.png"),
        (f"https://tile-{{switch:a,b}}.example.org/{ZXY}", "https://tile-b.example.org/1/2/3.png"),
        (f"https://tiles.example.org:8443/{ZXY}", "https://tiles.example.org:8443/1/2/3.png"),
        (f"https://ada:SECRET@tiles.example.org/{ZXY}", "https://tiles.example.org/1/2/3.png"),
        (f"https://ada:SECRET@tiles.example.org:8443/{ZXY}", "https://tiles.example.org:8443/1/2/3.png"),
        (f"http://[::1]:8080/{ZXY}", "http://[::1]:8080/1/2/3.png"),
        (f"HTTPS://tiles.example.org/{ZXY}", "https://tiles.example.org/1/2/3.png"),
        ("file:///maps/tile.png", "file:///maps/tile.png"),
        (f"file:///maps/{ZXY}", "file:///maps/1/2/3.png"),
    ],
)
def test_a_message_about_the_server_of_the_layer_is_the_cause(template: str, address: str) -> None:
    with errors_of(template) as errors:
        log(f"Tile request error (Status: 500; url: {address})")
        assert errors.cause() == "Tile request error (Status: 500)"


@pytest.mark.parametrize(
    "address",
    [
        "https://tiles.example.com/1/2/3.png",
        "https://example.org.evil.net/1.png",
        "file:///maps/tile.png",
        "no address",
    ],
)
def test_a_message_about_another_server_is_ignored(address: str) -> None:
    with errors_of(f"https://tiles.example.org/{ZXY}") as errors:
        log(f"Tile request error (Status: 500; url: {address})")
        assert errors.cause() == ""


def test_a_message_about_another_folder_is_ignored() -> None:
    with errors_of(f"file:///maps/{ZXY}") as errors:
        log("Tile request error (url: file:///other/1/2/3.png)")
        assert errors.cause() == ""


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        (
            "Returned image is flawed [Content-Type: image/png; URL: {url}]",
            "Returned image is flawed [Content-Type: image/png]",
        ),
        ("Returned image is flawed [URL: {url}]", "Returned image is flawed"),
        ("Tile request error (Title: {url} twice; URL: {url})", "Tile request error (Title:  twice)"),
        ("{url}", ""),
    ],
)
def test_the_cause_has_no_address(message: str, cause: str) -> None:
    with errors_of(f"https://tiles.example.org/{ZXY}") as errors:
        log(message.format(url="https://tiles.example.org/1/2/3.png?key=SECRET"))
        assert errors.cause() == cause


def test_the_first_message_is_the_cause() -> None:
    with errors_of(f"https://tiles.example.org/{ZXY}") as errors:
        log("first: https://tiles.example.org/1/2/3.png")
        log("second: https://tiles.example.org/1/2/4.png")
        assert errors.cause() == "first:"


def test_messages_before_and_after_the_drawing_are_ignored() -> None:
    message = "error: https://tiles.example.org/1/2/3.png"
    log(message)
    with errors_of(f"https://tiles.example.org/{ZXY}") as errors:
        assert errors.cause() == ""
    log(message)
    assert errors.cause() == ""


def test_two_layers_are_reported_separately() -> None:
    with errors_of(f"https://a.example.org/{ZXY}") as first, errors_of(f"https://b.example.org/{ZXY}") as second:
        log("failed: https://b.example.org/1/2/3.png")
        assert (first.cause(), second.cause()) == ("", "failed:")


@pytest.mark.parametrize(("provider", "source"), [("gdal", "/maps/a.tif"), ("wms", "")])
def test_a_layer_without_a_server_has_no_errors(provider: str, source: str) -> None:
    with OnlineErrors(provider, source, QgsNetworkAccessManager.instance()) as errors:
        log("error: /maps/a.tif https://tiles.example.org/1/2/3.png")
        assert errors.cause() == ""


@pytest.mark.parametrize(
    ("statuses", "cause"),
    [
        ((404,), "HTTP 404"),
        ((404, 500, 500), "HTTP 500"),
        ((404, 500), "HTTP 404"),
        ((200, 200, 403), "HTTP 403"),
        ((200, 204), ""),
    ],
)
def test_the_most_frequent_error_status_is_the_cause(server: str, statuses: tuple[int, ...], cause: str) -> None:
    with errors_of(f"{server}/{ZXY}") as errors:
        request(*(f"{server}/{status}/{number}.png" for number, status in enumerate(statuses)))
        assert errors.cause() == cause


def test_a_status_comes_before_the_messages(server: str) -> None:
    with errors_of(f"{server}/{ZXY}") as errors:
        log(f"Returned image is flawed [URL: {server}/401/1.png]")
        request(f"{server}/401/1.png")
        assert errors.cause() == "HTTP 401"


def test_a_status_that_arrives_after_the_message_is_waited_for(server: str) -> None:
    with errors_of(f"{server}/{ZXY}") as errors:
        log(f"Returned image is flawed [URL: {server}/401/1.png]")
        reply = QgsNetworkAccessManager.instance().get(QNetworkRequest(QUrl(f"{server}/401/1.png")))
        assert errors.cause() == "HTTP 401"
        assert reply.isFinished()


def test_a_status_of_another_server_is_ignored(server: str) -> None:
    with errors_of(f"https://tiles.example.org/{ZXY}") as errors:
        request(f"{server}/404/1.png")
        assert errors.cause() == ""


def test_a_drawing_that_fails_ends_the_collection() -> None:
    errors = errors_of(f"https://tiles.example.org/{ZXY}")
    with pytest.raises(ZeroDivisionError), errors:
        raise ZeroDivisionError
    log("late: https://tiles.example.org/1/2/3.png")
    assert errors.cause() == ""
