"""The transport with lost Qt objects and with time limits. Servers that misbehave: see test_gateway_rogue."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace

import pytest
from qgis.PyQt import sip

from rsgpt_plugin.client.server.endpoint import Endpoint
from rsgpt_plugin.client.server.local_server import LocalServer
from rsgpt_plugin.client.server.remote_server import LISTING
from rsgpt_plugin.client.server.transport import Ending, Limits, Transport


def test_a_deleted_qt_reply_ends_its_exchange(fake_server: Callable[..., LocalServer]) -> None:
    transport = Transport(fake_server("--delay", "5").endpoint(), Limits(), 1)
    exchange = transport.get("models")
    assert not exchange.poll()
    sip.delete(exchange._reply)
    assert exchange.poll()
    assert (exchange.ending, exchange.status, exchange.header(b"Retry-After")) == (Ending.BROKEN, 0, "")
    assert exchange.reason == Ending.BROKEN.value
    transport.close()


def test_time_asleep_does_not_count_as_silence(
    fake_server: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("rsgpt_plugin.client.server.transport.time.monotonic", lambda: now[0])
    transport = Transport(fake_server("--delay", "30").endpoint(), Limits(first_byte_s=20.0, connect_s=20.0), 1)
    exchange = transport.post("chat/completions", b"{}")
    now[0] += 3600.0
    assert not exchange.poll()
    for _ in range(6):
        now[0] += 4.0
        ended = exchange.poll()
    assert ended
    assert exchange.ending is Ending.SILENT
    transport.close()


@pytest.mark.parametrize(("waited", "ending"), [(6.0, Ending.WHOLE), (21.0, Ending.SILENT)])
def test_a_get_request_has_the_time_limit_of_the_first_byte(
    monkeypatch: pytest.MonkeyPatch, waited: float, ending: Ending
) -> None:
    now = [1000.0]
    monkeypatch.setattr("rsgpt_plugin.client.server.transport.time.monotonic", lambda: now[0])
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        transport = Transport(Endpoint(url), replace(LISTING, connect_s=5.0), 1)
        exchange = transport.get("models")
        for _ in range(int(waited / 3.0)):
            now[0] += 3.0
            exchange.poll()
        assert exchange.ending is ending
        transport.close()
