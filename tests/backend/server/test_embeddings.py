"""POST /v1/embeddings of a real server with the fake engine."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from rsgpt_plugin.shared.search.sentence_model import SENTENCE_MODEL
from tests.backend.server.conftest import Launch
from tests.backend.server.harness import EMBEDDINGS, RunningServer, encode, receive

CASES = json.loads((Path(__file__).resolve().parents[2] / "contract" / "embeddings.json").read_text())
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    1e308,
    "",
    "\ud800",
    [],
    {},
    [[]],
    "http://127.0.0.1/x",
    ["x"] * 80,
    {"image_url": 1},
]


def post(server: RunningServer, **fields: Any) -> Any:
    return server.call("POST", EMBEDDINGS, encode({"model": "rsgpt-small", **fields}))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_replies_match_the_contract(served: RunningServer, case: dict[str, Any]) -> None:
    reply = post(served, **case["request"])
    assert (reply.status, reply.record) == (200, case["reply"])


def test_a_model_without_vectors_says_so(launch: Launch) -> None:
    server = launch("--script", '{"capabilities": {"embed": false, "gsd": false}}')
    reply = post(server, input="water")
    assert (reply.status, reply.error["code"]) == (400, "no_embeddings")
    (model,) = server.call("GET", "/v1/models").record["data"]
    assert model["capabilities"] == {
        "find": False,
        "embed": False,
        "gsd": False,
        "finder": None,
        "classifier": None,
    }


def test_sentences_get_vectors_of_the_sentence_model(served: RunningServer) -> None:
    reply = post(served, model=SENTENCE_MODEL, input=["many boats"])
    assert (reply.status, reply.record["model"], reply.record["rsgpt"]) == (200, SENTENCE_MODEL, {})
    assert reply.record["data"][0]["embedding"] == pytest.approx([0.985, 0.174], abs=1e-3)
    picture = next(item for case in CASES for item in case["request"]["input"] if isinstance(item, dict))
    refused = post(served, model=SENTENCE_MODEL, input=["many boats", picture])
    assert (refused.status, "texts only" in refused.error["message"]) == (400, True)


def test_a_server_without_the_sentence_model_says_so(launch: Launch) -> None:
    server = launch("--script", '{"lacks_sentences": true}')
    reply = post(server, model=SENTENCE_MODEL, input="water")
    assert (reply.status, "not installed" in reply.error["message"]) == (500, True)
    assert post(server, input="water").status == 200


def test_vectors_wait_for_the_model(launch: Launch) -> None:
    assert post(launch("--load-delay", "0.5"), input="water").status == 200


def test_a_failure_of_the_model_is_an_error_of_its_request(launch: Launch) -> None:
    server = launch("--script", '{"faults": {"error": "error"}}')
    reply = post(server, input=["an error"])
    assert (reply.status, reply.error["code"]) == (500, "engine")
    assert post(server, input=["water"]).status == 200


def test_another_model_is_refused(served: RunningServer) -> None:
    assert post(served, model="rsgpt-7b", input="water").status == 404


def test_odd_requests_are_answered_or_refused(served: RunningServer) -> None:
    dice = random.Random(20260103)
    connection = served.connect()
    for _ in range(200):
        fields = {"model": "rsgpt-small", "input": ["water"], "encoding_format": "float"}
        fields[dice.choice(sorted(fields))] = dice.choice([dice.choice(ODD), [dice.choice(ODD)]])
        body = bytearray(encode(fields))
        if dice.random() < 0.2:
            body[dice.randrange(len(body))] = dice.randrange(256)
        connection.request("POST", EMBEDDINGS, bytes(body), served.headers())
        reply = receive(connection)
        assert reply.status in {200, 400, 404}
        assert reply.status == 200 or reply.error["message"]
    connection.close()
