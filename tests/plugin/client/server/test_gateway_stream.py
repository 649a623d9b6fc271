"""One answer in pieces through the gateway: as it is written, cancelled in the middle, and from rogue servers."""

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


def test_pieces_come_while_the_model_writes(fake_server: Callable[..., LocalServer]) -> None:
    gateway = Gateway(fake_server("--token-delay", "0.2", "--reply", "one two three four five"), "rsgpt-small")
    told: list[tuple[str, float]] = []
    reply = gateway.ask_one(PROMPT, lambda text: told.append((text, time.monotonic())))
    assert [text for text, _ in told] == ["one", " two", " three", " four", " five"]
    assert told[-1][1] - told[0][1] > 0.4
    assert (reply.text, reply.says_confidence) == ("one two three four five", True)
    assert reply.confidence == pytest.approx(0.9)
    assert len(reply.tokens[0].top) == 5


def test_a_cancel_in_mid_answer_ends_at_once_and_frees_the_server(fake_server: Callable[..., LocalServer]) -> None:
    gateway = Gateway(fake_server("--token-delay", "0.05", "--reply", LONG, "--batch", "1"), "rsgpt-small")
    feedback, told, stops = QgsFeedback(), [], []

    def hear(text: str) -> None:
        told.append(text)
        if len(told) == 4:
            stops.append(time.monotonic())
            feedback.cancel()

    with pytest.raises(Cancelled):
        gateway.ask_one(PROMPT, hear, feedback)
    assert time.monotonic() - stops[0] < 0.3
    assert 4 <= len(told) < 10
    begin = time.monotonic()
    gateway.ask_one(Prompt(picture(8), "next", max_tokens=1), told.append)
    assert time.monotonic() - begin < 2.0  # the first would have gone on for three seconds


def test_a_server_that_dies_in_mid_answer_is_a_sentence_and_the_next_question_works(
    fake_server: Callable[..., LocalServer],
) -> None:
    server = fake_server("--token-delay", "0.05", "--reply", LONG)
    gateway, told = Gateway(server, "rsgpt-small"), []

    def hear(text: str) -> None:
        told.append(text)
        if len(told) == 3:
            kill(server)

    with pytest.raises(ServerError, match="does not answer"):
        gateway.ask_one(PROMPT, hear)
    assert gateway.ask_one(Prompt(picture(1), "again", max_tokens=2), told.append).text == "w0 w1"


def test_a_server_that_is_dead_when_asked_is_started_again(fake_server: Callable[..., LocalServer]) -> None:
    server = fake_server("--reply", "here")
    server.endpoint()
    kill(server)
    assert Gateway(server, "rsgpt-small").ask_one(PROMPT, lambda text: None).text == "here"


def ask(script: Rogue) -> tuple[list[str], Reply]:
    told: list[str] = []
    gateway = Gateway(ForeignServer(Endpoint(script.url, "k3y")), "m", LIMITS)
    return told, gateway.ask_one(Prompt(PNG, "What is this?"), told.append)


EVENTS = b'data: {"choices": [{"delta": {"content": "a b"}}]}\n\ndata: [DONE]\n\n'


def done_but_not_hung_up(handler: BaseHTTPRequestHandler) -> None:
    send(200, EVENTS, length=10_000)(handler)
    handler.wfile.flush()
    time.sleep(3)


@pytest.mark.parametrize(
    "acts",
    [
        [send(200, EVENTS)],
        [done_but_not_hung_up],
        [send(503, Retry_After="0"), send(429, Retry_After="0"), send(200, EVENTS)],
        [send(500), send(200, ANSWER.replace(b"a harbour", b"a b"))],
        [send(400, b'{"error": "no stream"}'), send(200, ANSWER.replace(b"a harbour", b"a b"))],
    ],
)
def test_an_answer_from_servers_of_many_minds(
    rogue: Callable[..., Rogue], acts: list[Callable[[BaseHTTPRequestHandler], None]]
) -> None:
    begin = time.monotonic()
    told, reply = ask(rogue(*acts))
    assert (told, reply.text) == (["a b"], "a b")
    assert time.monotonic() - begin < 2.5


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (send(401), "did not accept the key"),
        (send(200, b'{"error": {"message": "text only"}}'), "text only"),
        (send(200, EVENTS[:55], length=9_000), "does not answer"),
    ],
)
def test_no_answer_is_a_sentence(rogue: Callable[..., Rogue], act: Callable[..., None], words: str) -> None:
    script = rogue(act)
    with pytest.raises(ServerError, match=words):
        ask(script)
    assert len(script.paths) == 1
