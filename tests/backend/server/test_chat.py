"""Questions to a real server: answers, streams, disconnects, a full queue, a failing engine."""

from __future__ import annotations

import http.client
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.backend.server.conftest import Launch
from tests.backend.server.harness import COMPLETIONS, Response, RunningServer, encode, question, receive

LONG = " ".join(["word"] * 500)


def events(body: bytes) -> list[Any]:
    """Return the chunks of a stream, including its end."""
    lines = [line.removeprefix("data: ") for line in body.decode().split("\n\n") if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def begin(server: RunningServer, prompt: str, **fields: Any) -> http.client.HTTPConnection:
    """Send a question without waiting for the answer."""
    connection = server.connect()
    connection.request("POST", COMPLETIONS, encode(question(prompt, **fields)), server.headers())
    return connection


def asked_prompts(log: Path) -> list[str]:
    """Return the prompts that the engine was asked_prompts."""
    return [json.loads(line)["prompt"] for line in log.read_text().splitlines()] if log.exists() else []


def wait_for(condition: Any, seconds: float = 15.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_complete_answer(served: RunningServer) -> None:
    reply = served.ask("How many?", 70_000, logprobs=True, top_logprobs=3).record
    assert reply["object"] == "chat.completion"
    assert reply["model"] == "rsgpt-small"
    choice = reply["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("picture 70000", "stop")
    tokens = choice["logprobs"]["content"]
    assert "".join(token["token"] for token in tokens) == "picture 70000"
    assert [len(token["top_logprobs"]) for token in tokens] == [3, 3]
    assert reply["usage"] == {"prompt_tokens": 2, "completion_tokens": 2, "total_tokens": 4}
    assert reply["rsgpt"] == {
        "confidence": 0.9,
        "degenerate": False,
        "weights_sha256": "f" * 64,
        "fingerprint": "f" * 16,
    }


def test_an_answer_that_is_cut_short(served: RunningServer) -> None:
    choice = served.ask(max_tokens=1).record["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("picture", "length")


def test_a_stream(served: RunningServer) -> None:
    reply = served.ask(number=12, stream=True, logprobs=True)
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    *chunks, end, done = events(reply.body)
    assert done == "[DONE]"
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": "picture"}
    assert chunks[1]["choices"][0]["delta"] == {"content": " 12"}
    assert [chunk["choices"][0]["logprobs"]["content"][0]["logprob"] for chunk in chunks] == [-0.1, -0.1]
    assert (end["choices"][0]["delta"], end["choices"][0]["finish_reason"]) == ({}, "stop")
    assert end["rsgpt"]["confidence"] == 0.9
    assert len({chunk["id"] for chunk in [*chunks, end]}) == 1


def test_an_empty_stream_ends_properly(launch: Launch) -> None:
    end, done = events(launch("--script", '{"replies": {"x": ""}}').ask("x", stream=True).body)
    assert (end["choices"][0]["finish_reason"], end["rsgpt"]["degenerate"], done) == ("stop", True, "[DONE]")


def test_a_stream_is_sent_while_it_is_written(launch: Launch) -> None:
    server = launch("--token-delay", "0.1", "--reply", "a b c d e f")
    connection = begin(server, "x", stream=True)
    response = connection.getresponse()
    start = time.monotonic()
    assert response.readline().startswith(b"data: ")
    assert time.monotonic() - start < 0.3
    response.read()
    assert time.monotonic() - start > 0.4
    connection.close()


def test_concurrent_clients_get_their_own_answers(served: RunningServer) -> None:
    numbers = range(200)
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda number: served.ask("Which?", number * 77), numbers))
    assert [reply.text for reply in replies] == [f"picture {number * 77}" for number in numbers]


@pytest.mark.parametrize("stage", ["before the first token", "in mid-answer", "in mid-stream"])
def test_a_disconnected_client_frees_the_engine(launch: Launch, tmp_path: Path, stage: str) -> None:
    log = tmp_path / "log"
    slow = {"replies": {"slow": LONG}, "delay": 30 if stage.startswith("before") else 0, "token_delay": 0.02}
    server = launch("--batch", "1", "--script", json.dumps(slow), "--log", str(log))
    connection = begin(server, "slow", stream=stage == "in mid-stream", max_tokens=500)
    wait_for(lambda: asked_prompts(log) == ["slow"])
    if stage == "in mid-stream":
        connection.getresponse().readline()
    time.sleep(0.1)
    connection.close()
    following = begin(server, "next")
    wait_for(lambda: asked_prompts(log) == ["slow", "next"], 0.5)
    following.close()


def test_a_client_that_disconnects_in_the_queue_is_not_answered(launch: Launch, tmp_path: Path) -> None:
    log = tmp_path / "log"
    server = launch("--batch", "1", "--waiting", "1", "--delay", "0.6", "--log", str(log))
    first = begin(server, "first")
    wait_for(lambda: asked_prompts(log) == ["first"])
    second = begin(server, "second")
    time.sleep(0.2)  # so that it is queued before the next one
    assert server.ask("refused").status == 429
    second.close()
    start = time.monotonic()
    third = begin(server, "third")
    assert receive(third).text == "picture 7"
    assert time.monotonic() - start > 0.3
    assert receive(first).status == 200
    assert asked_prompts(log) == ["first", "third"]
    for connection in (first, third):
        connection.close()


def test_a_full_queue_refuses_at_once(launch: Launch, tmp_path: Path) -> None:
    log = tmp_path / "log"
    server = launch("--batch", "1", "--waiting", "8", "--delay", "0.15", "--log", str(log))
    first = begin(server, "running")
    wait_for(lambda: asked_prompts(log) == ["running"])
    barrier = threading.Barrier(40)

    def call(number: int) -> tuple[Response, float]:
        barrier.wait()
        start = time.monotonic()
        reply = server.ask(f"{number}")
        return reply, time.monotonic() - start

    with ThreadPoolExecutor(40) as pool:
        replies = list(pool.map(call, range(40)))
    good = [reply for reply, _ in replies if reply.status == 200]
    busy = [(reply, seconds) for reply, seconds in replies if reply.status == 429]
    assert len(good) + len(busy) == 40
    # One batch may end while forty clients arrive, which frees one more place.
    assert 8 <= len(good) <= 10
    assert all(1 <= int(reply.headers["retry-after"]) <= 60 for reply, _ in busy)
    assert sorted(seconds for _, seconds in busy)[len(busy) // 2] < 0.25
    assert receive(first).status == 200
    first.close()
    assert len(asked_prompts(log)) == 1 + len(good)


@pytest.mark.parametrize("fault", ["error", "memory"])
def test_a_failing_question_does_not_affect_others(launch: Launch, fault: str) -> None:
    server = launch("--script", json.dumps({"faults": {"bad": fault}, "token_delay": 0.02}))
    prompts = ["bad" if number % 5 == 2 else f"good {number}" for number in range(20)]
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(server.ask, prompts))
    assert [reply.status for reply in replies] == [500 if prompt == "bad" else 200 for prompt in prompts]
    assert all(reply.error["code"] == "engine" for reply in replies if reply.status == 500)


def test_a_failing_stream_ends_with_an_error(launch: Launch) -> None:
    server = launch("--script", json.dumps({"faults": {"bad": "error"}}))
    reply = server.ask("bad", stream=True)
    first, failed = events(reply.body)
    assert (reply.status, first["choices"][0]["delta"]["content"]) == (200, "picture")
    assert failed["error"]["code"] == "engine"
    assert server.ask("good").status == 200


def test_an_answer_ends_at_the_token_limit(launch: Launch) -> None:
    server = launch("--reply", LONG)
    choice = server.ask(max_tokens=40).record["choices"][0]
    assert (choice["finish_reason"], len(choice["message"]["content"].split())) == ("length", 40)


def test_a_hanging_engine_ends_the_server(launch: Launch) -> None:
    server = launch("--stall", "0.5", "--script", json.dumps({"faults": {"bad": "hang"}}))
    start = time.monotonic()
    assert (reply := server.ask("bad")).status == 503
    assert reply.error["code"] == "stopping"
    code, out, err = server.finish()
    assert time.monotonic() - start < 0.5 + 5
    assert (code, out) == (1, "")
    assert err == "The model has not responded for 0.5 s; start the server again.\n"


def test_a_slow_engine_with_heartbeats_is_not_stalled(launch: Launch) -> None:
    assert launch("--stall", "0.5", "--delay", "2").ask("a").status == 200


def test_a_crashing_engine_ends_the_server(launch: Launch) -> None:
    server = launch("--script", json.dumps({"faults": {"bad": "exit"}}))
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        server.ask("bad")
    assert server.finish()[0] == 70
