"""The gateway against servers that misbehave: it ends with an answer or a sentence, never hangs, never wanders off."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rsgpt_plugin.client.endpoint import Endpoint, ForeignServer
from rsgpt_plugin.client.gateway import Gateway
from rsgpt_plugin.client.protocol import Prompt, Reply
from rsgpt_plugin.client.transport import Limits
from rsgpt_plugin.errors import ModelError, RsgptError, ServerError

ANSWER = json.dumps({"choices": [{"message": {"content": "a harbour"}}], "strange": [1]}).encode()
PNG = b"\x89PNG\r\n\x1a\n"
LIMITS = Limits(connect_s=2.0, first_byte_s=1.0, silence_s=0.5, reply_bytes=10_000)


@dataclass
class Rogue:
    """What to send for each request in turn (the last one again and again), and what was asked."""

    acts: list[Callable[[BaseHTTPRequestHandler], None]]
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def act(self, handler: BaseHTTPRequestHandler) -> None:
        self.paths.append(handler.path)
        self.headers.append(dict(handler.headers))
        handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        self.acts[min(len(self.paths), len(self.acts)) - 1](handler)


def send(status: int, body: bytes = b"", length: int | None = None, **headers: str) -> Callable[..., None]:
    def act(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return act


def sulk(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def start_and_sulk(handler: BaseHTTPRequestHandler) -> None:
    send(200, b'{"choices', length=1000)(handler)
    handler.wfile.flush()
    time.sleep(3)


@pytest.fixture
def rogue() -> Iterator[Callable[..., Rogue]]:
    servers: list[ThreadingHTTPServer] = []

    def make(*acts: Callable[..., None]) -> Rogue:
        script = Rogue(list(acts))

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                script.act(self)

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        script.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        return script

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def ask(script: Rogue) -> Reply | RsgptError:
    gateway = Gateway(ForeignServer(Endpoint(script.url, "k3y")), "m", LIMITS)
    ((_, outcome),) = gateway.ask_many([Prompt(PNG, "What is this?")])
    return outcome


def text_of(outcome: Reply | RsgptError) -> str:
    assert isinstance(outcome, Reply), outcome
    return outcome.text


def test_unknown_fields_and_missing_probabilities_are_fine(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(200, ANSWER))
    reply = ask(script)
    assert text_of(reply) == "a harbour"
    assert isinstance(reply, Reply)
    assert math.isnan(reply.confidence)
    assert script.paths == ["/v1/chat/completions"]
    assert script.headers[0]["Authorization"] == "Bearer k3y"


def test_a_busy_server_is_asked_again_when_it_says(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(429, Retry_After="1"), send(200, ANSWER))
    begin = time.monotonic()
    assert text_of(ask(script)) == "a harbour"
    assert time.monotonic() - begin >= 1.0


def test_a_stumble_is_retried_twice_and_no_more(rogue: Callable[..., Rogue]) -> None:
    assert text_of(ask(rogue(send(500), send(502), send(200, ANSWER)))) == "a harbour"
    script = rogue(send(500, b'{"error": {"message": "out of order"}}'))
    outcome = ask(script)
    assert "out of order" in str(outcome)
    assert len(script.paths) == 3


def test_a_refusal_is_not_retried(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(400, b'{"error": {"message": "picture too large"}}'))
    assert "picture too large" in str(ask(script))
    assert len(script.paths) == 1


def test_a_wrong_key_ends_the_run(rogue: Callable[..., Rogue]) -> None:
    with pytest.raises(ServerError, match="did not accept the key"):
        ask(rogue(send(401)))


def test_an_unknown_model_ends_the_run(rogue: Callable[..., Rogue]) -> None:
    with pytest.raises(ModelError, match="no model m"):
        ask(rogue(send(404, b'{"error": "no model m"}')))


def test_redirects_are_not_followed(rogue: Callable[..., Rogue]) -> None:
    elsewhere = rogue(send(200, ANSWER))
    script = rogue(send(307, Location=f"{elsewhere.url}/chat/completions"))
    with pytest.raises(ServerError, match="not followed"):
        ask(script)
    assert elsewhere.paths == []


@pytest.mark.parametrize(
    "body",
    [b'{"error": "x"}', b"<html>", b"", b"[]", b'{"choices": []}', b"\xff\xfe", b'{"choices": [{"a": 1}]}'],
)
def test_nonsense_in_a_good_reply_is_an_error_of_that_prompt(rogue: Callable[..., Rogue], body: bytes) -> None:
    assert isinstance(ask(rogue(send(200, body))), ServerError)


def test_an_endless_reply_is_cut(rogue: Callable[..., Rogue]) -> None:
    assert "larger than any answer" in str(ask(rogue(send(200, b"x" * 200_000))))


@pytest.mark.parametrize("act", [sulk, start_and_sulk])
def test_silence_ends_in_time(rogue: Callable[..., Rogue], act: Callable[..., None]) -> None:
    begin = time.monotonic()
    with pytest.raises(ServerError, match="no sign of life"):
        ask(rogue(act))
    assert time.monotonic() - begin < 2.5


def test_a_cut_reply_is_asked_again(rogue: Callable[..., Rogue]) -> None:
    assert text_of(ask(rogue(send(200, ANSWER[:20], length=len(ANSWER)), send(200, ANSWER)))) == "a harbour"


def test_nobody_there_is_a_sentence() -> None:
    with pytest.raises(ServerError, match="does not answer"):
        ask(Rogue([], url="http://127.0.0.1:9/v1"))
