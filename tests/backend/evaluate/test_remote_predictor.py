"""Evaluation of an OpenAI-compatible server: a scripted one that is busy, sends errors, or is gone."""

from __future__ import annotations

import base64
import io
import json
import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rsgpt_backend.cli import main
from rsgpt_backend.errors import EngineError, UsageError
from rsgpt_backend.evaluate.remote_predictor import RemoteEngine
from rsgpt_backend.predictor import Ask

Reply = tuple[int, dict[str, str], Any]


def completion(text: str, logprobs: Any = None) -> Reply:
    choice = {"message": {"content": text}, "logprobs": logprobs}
    return 200, {}, {"choices": [choice], "usage": {"prompt_tokens": 7}}


class Server:
    """A server with scripted replies that records requests."""

    def __init__(self) -> None:
        self.say: Callable[[dict[str, Any]], Reply] = lambda body: completion("a road")
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[Any] = []
        self.models: Any = [{"id": "big"}]
        self.list_statuses: Iterator[int] = iter(())  # of the next lists of models, before the list is sent
        outer = self

        class ReplayingHandler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.bodies.append({**body, "path": self.path})
                outer.headers.append(self.headers)
                status, headers, content = outer.say(body)
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self) -> None:
                data = json.dumps({"data": outer.models}).encode()
                self.send_response(next(outer.list_statuses, 200) if self.path == "/v1/models" else 404)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *given: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), ReplayingHandler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


def asks(*prompts: str) -> list[Ask]:
    return [Ask(Image.new("RGB", (8, 4), (255, 0, 0)), "k", prompt) for prompt in prompts]


def engine(url: str) -> RemoteEngine:
    return RemoteEngine(url, "big", "secret")


def test_request_body(server: Server) -> None:
    engine(server.url).answer(asks("What?"))
    (body,), (headers,) = server.bodies, server.headers
    assert (body["path"], headers["Authorization"]) == ("/v1/chat/completions", "Bearer secret")
    assert (body["model"], body["temperature"], body["logprobs"]) == ("big", 0.0, True)
    picture, text = body["messages"][0]["content"]
    data = base64.b64decode(picture["image_url"]["url"].removeprefix("data:image/png;base64,"))
    assert Image.open(io.BytesIO(data)).getpixel((0, 0)) == (255, 0, 0)
    assert text["text"] == "What?"
    assert "structured_outputs" not in body


def test_choices_are_sent_as_vllm_reads_them(server: Server) -> None:
    engine(server.url).answer([replace(one, choices=("a road", "a river")) for one in asks("What?")])
    assert server.bodies[0]["structured_outputs"] == {"choice": ["a road", "a river"]}


def test_a_number_is_asked_for_as_vllm_reads_it(server: Server) -> None:
    engine(server.url).answer([replace(one, is_whole_number=True) for one in asks("How many?")])
    assert server.bodies[0]["structured_outputs"] == {"json": {"type": "integer"}}
    assert server.bodies[0]["max_tokens"] == 256


@pytest.mark.parametrize(
    ("models", "sent"),
    [
        ([{"id": "other", "capabilities": {}}, {"id": "big", "capabilities": {"gsd": True}}], 0.3),
        ([{"id": "other", "capabilities": {"gsd": True}}, {"id": "big", "capabilities": {"gsd": False}}], None),
        ([{"id": "big"}], None),
        (None, None),
    ],
)
def test_the_ground_resolution_is_sent_to_a_model_that_reads_it(
    server: Server, models: Any, sent: float | None
) -> None:
    server.models = models
    engine(server.url).answer([replace(one, gsd_m=0.3) for one in asks("What?", "Where?")])
    assert [body.get("gsd_m") for body in server.bodies] == [sent, sent]


def test_a_busy_server_is_asked_again_for_its_models(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rsgpt_backend.evaluate.remote_predictor.time.sleep", lambda seconds: None)
    server.models, server.list_statuses = [{"id": "big", "capabilities": {"gsd": True}}], iter((503, 429))
    engine(server.url).answer([replace(one, gsd_m=0.3) for one in asks("What?")])
    assert server.bodies[0]["gsd_m"] == 0.3


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
def test_forms_of_the_address(server: Server, end: str) -> None:
    engine(server.url + end).answer(asks("What?"))
    assert server.bodies[0]["path"] == "/v1/chat/completions"


def test_answers_are_in_order_with_the_confidence_of_their_tokens(server: Server) -> None:
    content = [{"token": "yes", "logprob": math.log(0.6), "top_logprobs": [
        {"token": "yes", "logprob": math.log(0.6)}, {"token": "no", "logprob": math.log(0.2)}]}]  # fmt: skip
    server.say = lambda body: completion(body["messages"][0]["content"][1]["text"], {"content": content})
    answers = engine(server.url).answer(asks(*(f"q {number}" for number in range(9))))
    assert [answer.text for answer in answers] == [f"q {number}" for number in range(9)]
    assert answers[0].confidence == pytest.approx(0.75)


def test_without_log_probabilities_the_confidence_is_zero(server: Server) -> None:
    (answer,) = engine(server.url).answer(asks("What?"))
    assert (answer.text, answer.confidence, answer.prompt_tokens) == ("a road", 0.0, 7)


def test_a_busy_server_is_waited_for(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("rsgpt_backend.evaluate.remote_predictor.time.sleep", pauses.append)
    replies = iter([(429, {"Retry-After": "7"}, {}), (503, {}, {}), completion("a road")])
    server.say = lambda body: next(replies)
    assert engine(server.url).answer(asks("What?"))[0].text == "a road"
    assert pauses == [7.0, 2.0]


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        ((401, {}, {"error": "no"}), "answered 401.*Check the address, the model, and RSGPT_API_KEY"),
        ((200, {}, b"<html>"), "sent no chat completion"),
        ((200, {}, {"choices": []}), "sent no chat completion"),
        ((200, {}, []), "sent no chat completion"),
    ],
)
def test_invalid_replies_are_reported(server: Server, reply: Reply, sentence: str) -> None:
    server.say = lambda body: reply
    with pytest.raises(EngineError, match=sentence):
        engine(server.url).answer(asks("What?"))


def test_a_server_that_is_gone(server: Server) -> None:
    server.close()
    with pytest.raises(EngineError, match="cannot be reached.*Start the server"):
        engine(server.url).answer(asks("What?"))


@pytest.mark.parametrize("url", ["", "127.0.0.1:80", "file:///etc/passwd", "http://"])
def test_an_invalid_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="is not a server address"):
        engine(url)


def test_a_server_is_scored_as_a_model_is(
    server: Server, toy_data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RSGPT_API_KEY", "from-env")
    server.say = lambda body: completion("There is a river.")
    given = ["--images", str(toy_data / "images"), "--annotations", str(toy_data / "captions.json"), "--limit", "2"]
    assert (
        main(["evaluate", "captions", *given, "--url", server.url, "--model", "big", "--prompt", "Say.", "--json"]) == 0
    )
    assert json.loads(capsys.readouterr().out)["images"] == 2
    assert {body["messages"][0]["content"][1]["text"] for body in server.bodies} == {"Say."}
    assert server.headers[0]["Authorization"] == "Bearer from-env"


def test_reasoning_is_removed_from_an_answer(server: Server) -> None:
    server.say = lambda body: completion("12 boats? No.\n</think>\n\nA harbor.")
    assert engine(server.url).answer(asks("What?"))[0].text == "A harbor."
    server.say = lambda body: completion("<think>12 boats, let me")
    (answer,) = engine(server.url).answer(asks("What?"))
    assert (answer.text, answer.degenerate) == ("", True)


def test_a_truncated_answer_has_the_finish_reason_length(server: Server) -> None:
    status, headers, body = completion("A harbor with")
    body["choices"][0]["finish_reason"] = "length"
    server.say = lambda _: (status, headers, body)
    assert engine(server.url).answer(asks("What?"))[0].finish_reason == "length"
