"""The gateway with the real server and a scripted engine."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace

import pytest
from qgis.core import QgsFeedback
from qgis.PyQt.QtCore import QThread, QTimer
from qgis.PyQt.QtGui import QColor, QImage
from qgis.PyQt.QtNetwork import QNetworkProxy

from rsgpt_plugin.client.server.gateway import Gateway
from rsgpt_plugin.client.server.local_server import LocalServer
from rsgpt_plugin.client.server.protocol import Prompt, Reply
from rsgpt_plugin.client.server.transport import Limits
from rsgpt_plugin.encoding import encode
from rsgpt_plugin.errors import Cancelled, ServerError

MakeServer = Callable[..., LocalServer]


def picture(number: int) -> bytes:
    """Return a PNG that carries `number` in its pixels."""
    image = QImage(32, 32, QImage.Format.Format_RGB888)
    image.fill(QColor(number >> 16 & 255, number >> 8 & 255, number & 255))
    return encode(image)


def prompts(count: int) -> Iterator[Prompt]:
    return (Prompt(picture(1000 + number), "What is this?") for number in range(count))


def texts(outcomes: Mapping[int, object]) -> dict[int, str]:
    return {index: reply.text for index, reply in outcomes.items() if isinstance(reply, Reply)}


def expected(count: int) -> dict[int, str]:
    return {number: f"picture {1000 + number}" for number in range(count)}


def test_every_answer_belongs_to_its_picture(fake_server: MakeServer) -> None:
    gateway = Gateway(fake_server("--token-delay", "0.002", "--batch", "8"), "rsgpt-small")
    assert texts(dict(gateway.ask_many(prompts(100)))) == expected(100)


def test_replies_carry_tokens_and_confidence(fake_server: MakeServer) -> None:
    gateway = Gateway(fake_server(), "rsgpt-small")
    ((_, reply),) = gateway.ask_many(prompts(1))
    assert isinstance(reply, Reply)
    assert reply.confidence == pytest.approx(0.9)
    assert [token.text for token in reply.tokens] == ["picture", " 1000"]
    assert len(reply.tokens[0].top) == 5
    assert (reply.finish_reason, reply.degenerate, reply.model) == ("stop", False, "rsgpt-small")


def test_slow_captures_do_not_count_as_silence_of_the_server(fake_server: MakeServer) -> None:
    def slow() -> Iterator[Prompt]:
        for prompt in prompts(8):
            time.sleep(0.15)
            yield prompt

    server = fake_server()
    gateway = Gateway(server, "rsgpt-small", Limits(connect_s=0.5))
    process = server.endpoint() and server._process
    assert texts(dict(gateway.ask_many(slow()))) == expected(8)
    assert server._process is process  # never restarted


def test_answers_arrive_before_slow_captures_end(fake_server: MakeServer) -> None:
    captured: list[Prompt] = []

    def slow() -> Iterator[Prompt]:
        for prompt in prompts(12):
            time.sleep(0.15)
            captured.append(prompt)
            yield prompt

    outcomes = Gateway(fake_server(), "rsgpt-small").ask_many(slow())
    next(outcomes)
    assert len(captured) < 12
    assert len(list(outcomes)) == 11


def test_no_server_starts_without_prompts(fake_server: MakeServer) -> None:
    server = fake_server()
    assert list(Gateway(server, "rsgpt-small").ask_many([])) == []
    assert server._process is None


def test_models_are_listed_with_their_hash(fake_server: MakeServer) -> None:
    (model,) = Gateway(fake_server(), "rsgpt-small").models()
    assert (model.name, model.weights_sha256) == ("rsgpt-small", "f" * 64)


def kill(server: LocalServer) -> None:
    assert server._process is not None
    os.kill(server._process.pid, signal.SIGKILL)


def test_a_killed_server_is_restarted_and_no_answer_is_lost(fake_server: MakeServer) -> None:
    server = fake_server("--token-delay", "0.01", "--batch", "4")
    outcomes: dict[int, object] = {}
    for index, outcome in Gateway(server, "rsgpt-small").ask_many(prompts(60)):
        outcomes[index] = outcome
        if len(outcomes) == 10:
            kill(server)
    assert texts(outcomes) == expected(60)


def test_a_server_that_dies_again_soon_ends_the_run(fake_server: MakeServer) -> None:
    server = fake_server("--token-delay", "0.01", "--batch", "4")
    answered = 0

    def ask() -> None:
        nonlocal answered
        for _ in Gateway(server, "rsgpt-small").ask_many(prompts(80)):
            answered += 1
            if answered in (10, 30):
                kill(server)

    with pytest.raises(ServerError, match="stopped twice in this run"):
        ask()
    assert 30 <= answered < 80


def test_a_server_that_dies_rarely_is_restarted_each_time(fake_server: MakeServer) -> None:
    server = fake_server("--batch", "4", "--token-delay", "0.002")
    outcomes: dict[int, object] = {}
    for index, outcome in Gateway(server, "rsgpt-small").ask_many(prompts(400)):
        outcomes[index] = outcome
        if len(outcomes) in (10, 150, 300):
            kill(server)
    assert texts(outcomes) == expected(400)


def test_cancel_ends_within_a_second(fake_server: MakeServer) -> None:
    server = fake_server("--delay", "30")
    server.endpoint()
    feedback = QgsFeedback()
    QTimer.singleShot(300, feedback.cancel)
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        list(Gateway(server, "rsgpt-small").ask_many(prompts(5), feedback))
    assert time.monotonic() - begin < 1.3


def test_cancel_works_while_the_server_starts(fake_server: MakeServer) -> None:
    feedback = QgsFeedback()
    server = fake_server("--script", '{"load_delay": 30}')
    thread_begin = time.monotonic()
    feedback.cancel()
    with pytest.raises(Cancelled):
        list(Gateway(server, "rsgpt-small").ask_many(prompts(1), feedback))
    assert time.monotonic() - thread_begin < 2


def test_an_abandoned_run_does_not_affect_the_next_run(fake_server: MakeServer) -> None:
    gateway = Gateway(fake_server("--token-delay", "0.05", "--batch", "2"), "rsgpt-small")
    first = gateway.ask_many(Prompt(picture(7), "What is this?") for _ in range(20))
    next(first)
    assert isinstance(first, Generator)
    first.close()
    assert texts(dict(gateway.ask_many(prompts(10)))) == expected(10)


def test_a_caller_that_pauses_loses_nothing(fake_server: MakeServer) -> None:
    gateway = Gateway(fake_server("--batch", "1"), "rsgpt-small")
    outcomes = {}
    for index, outcome in gateway.ask_many(prompts(6)):
        outcomes[index] = outcome
        time.sleep(0.3)
    assert texts(outcomes) == expected(6)


def test_loopback_bypasses_the_proxy(fake_server: MakeServer) -> None:
    usual = QNetworkProxy.applicationProxy()
    QNetworkProxy.setApplicationProxy(QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "127.0.0.1", 9))
    try:
        gateway = Gateway(fake_server(), "rsgpt-small")
        assert texts(dict(gateway.ask_many(prompts(3)))) == expected(3)
    finally:
        QNetworkProxy.setApplicationProxy(usual)


class GatewayThread(QThread):
    """Asks in a thread, like a QgsTask."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self.outcomes: dict[int, object] = {}

    def run(self) -> None:
        self.outcomes = dict(self._gateway.ask_many(prompts(20)))


def test_ask_many_works_in_a_thread_without_the_main_event_loop(fake_server: MakeServer) -> None:
    thread = GatewayThread(Gateway(fake_server("--token-delay", "0.01"), "rsgpt-small"))
    thread.start()
    assert thread.wait(20_000)
    assert texts(thread.outcomes) == expected(20)


def test_one_bad_prompt_does_not_stop_the_others(fake_server: MakeServer) -> None:
    gateway = Gateway(fake_server("--script", '{"faults": {"bad": "error"}}'), "rsgpt-small")
    asked = [Prompt(picture(1), "good"), Prompt(picture(2), "bad"), Prompt(picture(3), "good")]
    outcomes = dict(gateway.ask_many(asked))
    assert texts(outcomes) == {0: "picture 1", 2: "picture 3"}
    assert isinstance(outcomes[1], ServerError)


def test_a_server_that_closed_its_port_and_has_not_ended_is_restarted(fake_server: MakeServer) -> None:
    server = fake_server()
    live = server.endpoint()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        closed = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
    server._endpoint = replace(live, url=closed)
    assert Gateway(server, "rsgpt-small").identity().fingerprint == "f" * 16
    server._endpoint = replace(server.endpoint(), url=closed)
    assert texts(dict(Gateway(server, "rsgpt-small").ask_many(prompts(3)))) == expected(3)
