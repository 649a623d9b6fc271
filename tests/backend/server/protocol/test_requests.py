"""Valid and invalid requests, and a structured fuzz test."""

from __future__ import annotations

import base64
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.predictor import NUMBERS
from rsgpt_backend.server.protocol.refusals import Refusal
from rsgpt_backend.server.protocol.requests import read_chat_request
from tests.backend.server.harness import COMPLETIONS, RunningServer, encode, png, question, receive

CONTRACT = Path(__file__).resolve().parents[3] / "contract"
CASES = json.loads((CONTRACT / "requests.json").read_text())
FUZZED = 500


def refused(body: bytes) -> Refusal:
    """Return the refusal of a body."""
    with pytest.raises(Refusal) as caught:
        read_chat_request(body, "rsgpt-small")
    return caught.value


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_requests_of_the_plugin_are_read(case: dict[str, Any]) -> None:
    request = read_chat_request(encode(case["request"]), "rsgpt-small")
    assert request.ask.prompt == case["prompt"]["text"]
    assert request.ask.max_new_tokens == case["prompt"].get("max_tokens", 0)
    assert request.ask.top_logprobs == case["prompt"]["top_logprobs"]
    numbers = NUMBERS if case["prompt"].get("is_number") else ()
    assert request.ask.choices == (tuple(case["prompt"].get("choices", ())) or numbers)
    assert request.ask.is_whole_number == bool(numbers)
    assert request.ask.gsd_m == case["prompt"].get("gsd_m")
    assert (request.ask.temperature, request.ask.seed, request.stream) == (0.0, 0, False)
    assert request.top_logprobs == request.ask.top_logprobs


def test_defaults_leave_the_options_to_the_model() -> None:
    request = read_chat_request(encode(question("hi")), "rsgpt-small")
    assert (request.ask.max_new_tokens, request.ask.temperature, request.ask.seed) == (0, 0.0, 0)
    assert (request.ask.top_logprobs, request.ask.beams, request.stream, request.top_logprobs) == (0, 0, False, None)


def test_options_reach_the_ask() -> None:
    options: dict[str, Any] = {"temperature": 0.5, "seed": -3, "stream": True, "logprobs": True, "top_logprobs": 20}
    request = read_chat_request(
        encode(question(max_tokens=9, max_completion_tokens=11, n=1, beams=5, **options)), "rsgpt-small"
    )
    assert (request.ask.max_new_tokens, request.ask.temperature, request.ask.seed) == (11, 0.5, -3)
    assert (request.ask.top_logprobs, request.ask.beams, request.stream, request.top_logprobs) == (20, 5, True, 20)


def test_system_messages_and_null_and_unknown_fields_are_ignored() -> None:
    request = question(stop=None, user="me", temperature=None, stream=None, response_format={"type": "text"})
    request["messages"].insert(0, {"role": "system", "content": "Be brief."})
    request["messages"][1]["content"].reverse()
    assert read_chat_request(encode(request), "rsgpt-small").ask.prompt == "What is this?"


def test_sampling_options_and_stops_reach_the_ask() -> None:
    request = read_chat_request(encode(question(top_p=0.5, stop="x", temperature=1e-320)), "rsgpt-small")
    assert (request.ask.top_p, request.ask.stops, request.ask.temperature) == (0.5, ("x",), 1e-320)
    assert read_chat_request(encode(question(stop=["a", "b"])), "rsgpt-small").ask.stops == ("a", "b")


@pytest.mark.parametrize("value", [0.001, 0.3, 10, 100_000])
def test_the_ground_resolution_reaches_the_ask(value: float) -> None:
    assert read_chat_request(encode(question(gsd_m=value)), "rsgpt-small").ask.gsd_m == value


def test_the_ground_resolution_is_optional() -> None:
    for request in (question(), question(gsd_m=None)):
        assert read_chat_request(encode(request), "rsgpt-small").ask.gsd_m is None


BAD_FIELDS: dict[str, Any] = {
    "n of two": {"n": 2},
    "no tokens": {"max_tokens": 0},
    "too many tokens": {"max_tokens": 513},
    "tokens as truth": {"max_tokens": True},
    "tokens as fraction": {"max_tokens": 1.5},
    "negative temperature": {"temperature": -0.1},
    "hot": {"temperature": 2.1},
    "temperature as text": {"temperature": "0"},
    "endless temperature": {"temperature": 10**400},
    "seed too large": {"seed": 2**63},
    "seed as list": {"seed": []},
    "stream as text": {"stream": "yes"},
    "logprobs as number": {"logprobs": 1},
    "top without logprobs": {"top_logprobs": 1},
    "too many top": {"logprobs": True, "top_logprobs": 21},
    "no beam": {"beams": 0},
    "too many beams": {"beams": 9},
    "half a beam": {"beams": 1.5},
    "no model": {"model": None},
    "model as number": {"model": 1},
    "no messages": {"messages": []},
    "an assistant at the end": {"messages": [*question()["messages"], {"role": "assistant", "content": "x"}]},
    "two pictures": {"messages": [{"role": "user", "content": question()["messages"][0]["content"] * 2}]},
    "top_p of none": {"top_p": 0},
    "top_p below none": {"top_p": -5},
    "top_p above all": {"top_p": 1.1},
    "top_p as text": {"top_p": "1"},
    "gsd of none": {"gsd_m": 0},
    "gsd below none": {"gsd_m": -0.3},
    "gsd of a micrometer": {"gsd_m": 1e-6},
    "gsd of a planet": {"gsd_m": 100_001},
    "endless gsd": {"gsd_m": 10**400},
    "gsd as text": {"gsd_m": "0.3"},
    "gsd as truth": {"gsd_m": True},
    "gsd as list": {"gsd_m": [0.3]},
    "an empty stop": {"stop": ""},
    "five stops": {"stop": ["a", "b", "c", "d", "e"]},
    "a stop as number": {"stop": 0},
    "a tool that must be called": {"tools": [{"type": "function"}], "tool_choice": "required"},
    "no picture": {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]},
}


@pytest.mark.parametrize("name", BAD_FIELDS)
def test_a_wrong_field_is_refused(name: str) -> None:
    refusal = refused(encode({**question(), **BAD_FIELDS[name]}))
    assert (refusal.status, refusal.code) == (400, "invalid_request")
    assert str(refusal).endswith(".")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b'{"model": "\xff"}',
        b'{"temperature": NaN}',
        b'{"temperature": -Infinity}',
        b'{"seed": ' + b"9" * 5_000 + b"}",
        b"[" * 5_000 + b"]" * 5_000,
        b"[" * 100_000,
        b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    ],
)
def test_invalid_json_is_refused(body: bytes) -> None:
    assert refused(body).status == 400


def test_the_refusal_of_an_unknown_model_names_the_served_one() -> None:
    refusal = refused(encode(question(model="rsgpt-7b")))
    assert (refusal.status, refusal.code) == (404, "model_not_found")
    assert "rsgpt-small" in str(refusal)


ODD: list[Any] = [
    None, True, False, 0, -1, 1.5, 1e308, 10**30, "", "x", "\ud800", "\x00", [], {}, [[]], {"a": {}}, "9" * 99,
    ["x"] * 50, {"type": "text"}, "data:image/png;base64,", "http://127.0.0.1:1/x.png", "file:///etc/passwd",
]  # fmt: skip


def mutated(dice: random.Random) -> bytes:
    """Return a good request with one to three random faults in its fields, and sometimes in its bytes."""
    request = question(logprobs=True, top_logprobs=2, temperature=0, seed=1, max_tokens=8, n=1, gsd_m=0.5)
    for _ in range(dice.randint(1, 3)):
        _spoil(request, dice)
    body = bytearray(encode(request))
    for _ in range(dice.choice([0, 0, 0, 1, 5])):
        body[dice.randrange(len(body))] = dice.randrange(256)
    return bytes(body if dice.random() < 0.9 else body[: dice.randrange(len(body))])


def _spoil(request: dict[str, Any], dice: random.Random) -> None:
    """Replace, remove or duplicate a random value at a random depth."""
    parent: Any = request
    while True:
        keys = list(parent) if isinstance(parent, dict) else list(range(len(parent)))
        if not keys:
            return
        key = dice.choice(keys)
        if isinstance(parent[key], (dict, list)) and dice.random() < 0.7:
            parent = parent[key]
            continue
        if dice.random() < 0.2:
            del parent[key]
        elif isinstance(parent, list) and dice.random() < 0.3:
            parent.append(parent[key])
        else:
            parent[key] = dice.choice(ODD)
        return


def test_fuzzed_requests_are_answered_or_refused(served: RunningServer) -> None:
    dice = random.Random(20260101)
    connection = served.connect()
    statuses: dict[int, int] = {}
    for _ in range(FUZZED):
        start = time.perf_counter()
        connection.request("POST", COMPLETIONS, mutated(dice), served.headers())
        reply = receive(connection)
        assert time.perf_counter() - start < 2
        statuses[reply.status] = statuses.get(reply.status, 0) + 1
        assert reply.status == 200 or reply.error["message"]
    connection.close()
    assert set(statuses) <= {200, 400, 404}, statuses
    assert statuses[400] > FUZZED // 2
    assert served.ask(number=3).text == "picture 3"


def test_random_bytes_do_not_disturb_the_server(served: RunningServer) -> None:
    dice = random.Random(20260102)
    body = encode(question())
    head = f"POST {COMPLETIONS} HTTP/1.1\r\nhost: 127.0.0.1:{served.port}\r\nauthorization: Bearer {served.key}\r\n"
    good = f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body
    samples = [good[: dice.randrange(1, len(good))] for _ in range(40)]
    samples += [dice.randbytes(dice.randint(1, 400)) for _ in range(40)]
    samples += [f"{head}transfer-encoding: chunked\r\n\r\nzz\r\n".encode(), f"{head}x: {'y' * 99_999}\r\n\r\n".encode()]
    samples += [f"{head}content-length: {'9' * count}\r\n\r\n".encode() for count in (15, 30, 5_000)]
    samples += [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", f"{head}content-length: -1\r\n\r\n".encode()]
    for sample in samples:
        reply = served.raw(sample)
        assert reply == b"" or reply.split(b" ")[1] in {b"400", b"401", b"408", b"413", b"415"}
    assert base64.b64encode(png()) in body
    assert served.ask(number=4).text == "picture 4"
