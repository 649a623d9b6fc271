"""Streamed replies, split at any byte: the same pieces and the same reply, or an error."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from rsgpt_plugin.client.server.protocol import Reply
from rsgpt_plugin.client.server.streaming import StreamedReply, streaming_request
from rsgpt_plugin.errors import ServerError

STREAMS = json.loads((Path(__file__).parents[3] / "contract" / "streams.json").read_text("utf-8"))


def read(body: bytes, step: int = 10**6) -> tuple[list[str], Reply]:
    """Return the pieces of text and the reply of a body that arrives `step` bytes at a time."""
    pieces: list[str] = []
    streamed, arrived = StreamedReply(pieces.append), bytearray()
    for start in range(0, len(body), step):
        arrived += body[start : start + step]
        streamed.read(arrived)
    return pieces, streamed.reply(arrived)


def chunk(text: str | None, finish: str | None = None, **more: Any) -> str:
    return json.dumps({"choices": [{"delta": {"content": text}, "finish_reason": finish}], **more})


def events(*data: str, end: str = "\n\n") -> bytes:
    return "".join(f"data: {event}{end}" for event in data).encode()


@pytest.mark.parametrize("step", [1, 7, 10**6])
@pytest.mark.parametrize("case", [case for case in STREAMS if "answer" in case], ids=lambda case: case["name"])
def test_streams_of_the_local_server(case: dict[str, Any], step: int) -> None:
    pieces, reply = read(case["transcript"].encode("utf-8"), step)
    answer = case["answer"]
    assert pieces == [token["text"] for token in answer["tokens"] if token["text"]]
    assert (reply.text, reply.finish_reason) == ("".join(pieces), answer["finish_reason"])
    assert reply.confidence == pytest.approx(answer["confidence"])
    assert reply.reports_confidence
    assert reply.model == "rsgpt-small"


@pytest.mark.parametrize(
    "body",
    [
        events(chunk("a "), chunk("b"), chunk(None, "stop"), "[DONE]"),
        events(chunk("a "), chunk("b", "stop")),  # no [DONE]
        events(chunk("a "), chunk("b"), "[DONE]"),  # no reason to finish
        events(chunk("a "), chunk("b"), chunk("", "stop"), "[DONE]", end="\r\n\r\n"),
        events(chunk("a "), chunk("b"), "[DONE]", end="\n"),  # no empty lines
        events(chunk("a "), chunk("b"), "[DONE]").replace(b"data: ", b"data:"),
        b": keep-alive\n\nevent: x\n" + events(chunk("a ")) + b": OPENROUTER\n\n" + events(chunk("b", "stop")),
        events(chunk("a "), chunk("b", "stop"), '{"choices": [], "usage": {}}').rstrip(),
        events('{"choices": [{"delta": {"reasoning_content": "hm"}}]}', chunk("a "), chunk("b", "stop", error=None)),
        events(chunk("a "), chunk("b"), "[DONE]", chunk("never")),
    ],
)
@pytest.mark.parametrize("step", [1, 5, 10**6])
def test_streams_of_other_servers(body: bytes, step: int) -> None:
    pieces, reply = read(body, step)
    assert (pieces, reply.text) == (["a ", "b"], "a b")
    assert math.isnan(reply.confidence)


@pytest.mark.parametrize("step", [3, 10**6])
def test_a_reply_in_one_piece(step: int) -> None:
    pieces, reply = read(b'\n {"choices": [{"message": {"content": "a b"}}]}', step)
    assert (pieces, reply.text) == (["a b"], "a b")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "out of memory"}}', "out of memory"),
        (events(chunk("a"), '{"error": {"message": "out of memory"}}'), "out of memory"),
        (events(chunk("a"), chunk("b")), "closed the connection"),
        (b"<html>hello</html>", "did not reply with JSON"),
        (b"", "did not reply with JSON"),
    ],
)
def test_a_missing_answer_raises_server_error(body: bytes, words: str) -> None:
    with pytest.raises(ServerError, match=words):
        read(body)


def test_confidence_is_computed_from_tokens_if_the_server_reports_none() -> None:
    scored = {"content": [{"token": "a", "logprob": math.log(0.5)}]}
    choice = {"delta": {"content": "a"}, "logprobs": scored, "finish_reason": "stop"}
    _, reply = read(events(json.dumps({"choices": [choice]})))
    assert reply.confidence == pytest.approx(0.5)
    assert not reply.reports_confidence


def test_streaming_request_only_adds_stream() -> None:
    assert json.loads(streaming_request(b'{"model": "m", "logprobs": true}')) == {
        "model": "m",
        "logprobs": True,
        "stream": True,
    }


@pytest.mark.parametrize("step", [1, 7, 10**6])
def test_reasoning_is_not_shown(step: int) -> None:
    chunks = ["<th", "ink>12 bo", "ats", "</thi", "nk>\n", "\n", "A har", "bor."]
    pieces, reply = read(events(*map(chunk, chunks), chunk(None, "stop"), "[DONE]"), step)
    assert ("".join(pieces), reply.text) == ("A harbor.", "A harbor.")


def test_an_answer_cut_off_during_reasoning_raises_server_error() -> None:
    with pytest.raises(ServerError, match="still reasoning"):
        read(events(chunk("<think>12 boats, let me "), chunk(None, "length"), "[DONE]"))


def test_surrogate_pairs_are_joined_and_single_halves_replaced() -> None:
    body = events(chunk("a \ud83d"), chunk("\ude00 b"), chunk("\ud83d!\0"), chunk(None, "stop"))
    pieces, reply = read(body)
    assert ("".join(pieces), reply.text) == ("a \U0001f600 b\ufffd!", "a \U0001f600 b\ufffd!")
