"""Streamed answers through the gateway: complete, cancelled, and from servers that misbehave."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest
from qgis.core import QgsFeedback

from rsgpt_plugin.client.server.endpoint import Endpoint, ForeignServer
from rsgpt_plugin.client.server.gateway import Gateway
from rsgpt_plugin.client.server.local_server import LocalServer
from rsgpt_plugin.client.server.protocol import Prompt, Reply
from rsgpt_plugin.errors import Cancelled, ServerError
from tests.plugin.client.server.rogue_servers import Rogue, send
from tests.plugin.client.server.test_gateway import kill, picture
from tests.plugin.client.server.test_gateway_rogue import ANSWER, LIMITS, PNG

LONG = " ".join(f"w{number}" for number in range(60))
PROMPT = Prompt(picture(7), "What is this?")


def test_pieces_arrive_while_the_model_writes(fake_server: Callable[..., LocalServer]) -> None:
    gateway = Gateway(fake_server("--token-delay", "0.2", "--reply", "one two three four five"), "rsgpt-small")
    pieces: list[tuple[str, float]] = []
    reply = gateway.ask_one(PROMPT, lambda text: pieces.append((text, time.monotonic())))
    assert [text for text, _ in pieces] == ["one", " two", " three", " four", " five"]
    assert pieces[-1][1] - pieces[0][1] > 0.4
    assert (reply.text, reply.reports_confidence) == ("one two three four five", True)
    assert reply.confidence == pytest.approx(0.9)
    assert len(reply.tokens[0].top) == 5


def test_cancel_during_an_answer_ends_at_once_and_frees_the_server(fake_server: Callable[..., LocalServer]) -> None:
    gateway = Gateway(fake_server("--token-delay", "0.05", "--reply", LONG, "--batch", "1"), "rsgpt-small")
    feedback, pieces, stops = QgsFeedback(), [], []

    def on_text(text: str) -> None:
        pieces.append(text)
        if len(pieces) == 4:
            stops.append(time.monotonic())
            feedback.cancel()

    with pytest.raises(Cancelled):
        gateway.ask_one(PROMPT, on_text, feedback)
    assert time.monotonic() - stops[0] < 0.3
    assert 4 <= len(pieces) < 10
    begin = time.monotonic()
    gateway.ask_one(Prompt(picture(8), "next", max_tokens=1), pieces.append)
    assert time.monotonic() - begin < 2.0  # the first answer would have taken three more seconds


def test_a_server_that_dies_during_an_answer_is_restarted_for_the_next_question(
    fake_server: Callable[..., LocalServer],
) -> None:
    server = fake_server("--token-delay", "0.05", "--reply", LONG)
    gateway, pieces = Gateway(server, "rsgpt-small"), []

    def on_text(text: str) -> None:
        pieces.append(text)
        if len(pieces) == 3:
            kill(server)

    with pytest.raises(ServerError, match="does not answer"):
        gateway.ask_one(PROMPT, on_text)
    assert gateway.ask_one(Prompt(picture(1), "again", max_tokens=2), pieces.append).text == "w0 w1"


def test_a_dead_server_is_restarted_before_an_answer(fake_server: Callable[..., LocalServer]) -> None:
    server = fake_server("--reply", "here")
    server.endpoint()
    kill(server)
    assert Gateway(server, "rsgpt-small").ask_one(PROMPT, lambda text: None).text == "here"


def ask(script: Rogue) -> tuple[list[str], Reply]:
    pieces: list[str] = []
    gateway = Gateway(ForeignServer(Endpoint(script.url, "k3y")), "m", LIMITS)
    return pieces, gateway.ask_one(Prompt(PNG, "What is this?"), pieces.append)


EVENTS = b'data: {"choices": [{"delta": {"content": "a b"}}]}\n\ndata: [DONE]\n\n'


def finish_without_closing(handler: BaseHTTPRequestHandler) -> None:
    send(200, EVENTS, length=10_000)(handler)
    handler.wfile.flush()
    time.sleep(3)


@pytest.mark.parametrize(
    "acts",
    [
        [send(200, EVENTS)],
        [finish_without_closing],
        [send(503, Retry_After="0"), send(429, Retry_After="0"), send(200, EVENTS)],
        [send(500), send(200, ANSWER.replace(b"a harbour", b"a b"))],
        [send(400, b'{"error": "no stream"}'), send(200, ANSWER.replace(b"a harbour", b"a b"))],
    ],
)
def test_servers_with_deviating_streams_give_an_answer(
    rogue: Callable[..., Rogue], acts: list[Callable[[BaseHTTPRequestHandler], None]]
) -> None:
    begin = time.monotonic()
    pieces, reply = ask(rogue(*acts))
    assert (pieces, reply.text) == (["a b"], "a b")
    assert time.monotonic() - begin < 2.5


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (send(401), "did not accept the key"),
        (send(200, b'{"error": {"message": "text only"}}'), "text only"),
        (send(200, EVENTS[:55], length=9_000), "does not answer"),
    ],
)
def test_a_missing_answer_raises_server_error(
    rogue: Callable[..., Rogue], act: Callable[..., None], words: str
) -> None:
    script = rogue(act)
    with pytest.raises(ServerError, match=words):
        ask(script)
    assert len(script.paths) == 1
