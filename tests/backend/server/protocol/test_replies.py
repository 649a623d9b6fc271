"""Replies equal the files of the contract exactly."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.predictor import Answer, Token
from rsgpt_backend.server.protocol.replies import END_OF_STREAM, ReplyWriter, event, health, model_list
from rsgpt_backend.server.protocol.responses import AsciiJSON
from tests.fakes.fake_engine import FakeEngine, Script

CONTRACT = Path(__file__).resolve().parents[3] / "contract"


def contract(name: str) -> Any:
    """Return the content of a file of the contract."""
    return json.loads((CONTRACT / name).read_text())


def writer(case: dict[str, Any]) -> ReplyWriter:
    """Return the writer of a case."""
    head = case["head"]
    return ReplyWriter(head["model"], head["weights_sha256"], head["fingerprint"], 20, head["id"], head["created"])


def answer(case: dict[str, Any]) -> Answer:
    """Return the answer of a case."""
    fields = case["answer"]
    tokens = tuple(
        Token(token["text"], token["logprob"], tuple((text, value) for text, value in token["top"]))
        for token in fields["tokens"]
    )
    return Answer(**{**fields, "tokens": tokens})


@pytest.mark.parametrize("case", contract("replies.json"), ids=lambda case: str(case["name"]))
def test_replies_match_the_contract(case: dict[str, Any]) -> None:
    assert writer(case).reply(answer(case)) == case["reply"]


@pytest.mark.parametrize("case", contract("streams.json"), ids=lambda case: str(case["name"]))
def test_streams_match_the_contract(case: dict[str, Any]) -> None:
    written = answer(case)
    lines = [event(writer(case).token(token, not index)) for index, token in enumerate(written.tokens)]
    assert "".join([*lines, event(writer(case).end(written)), END_OF_STREAM]) == case["transcript"]


def test_model_list_and_health_match_the_contract() -> None:
    engine = FakeEngine(Script())
    engine.weights_sha256, engine.fingerprint = "0" * 64, "0" * 16
    assert model_list("rsgpt-small", engine, 1767225600) == contract("models.json")
    assert health("rsgpt-small", engine) == contract("health.json")["ok"]
    assert health("rsgpt-small", None) == contract("health.json")["loading"]


def test_a_reply_has_no_logprobs_unless_requested() -> None:
    reply = ReplyWriter("m", "0", "1").reply(Answer("a", (Token("a", -1.0),), 0.5, "stop", False, 1))
    assert reply["choices"][0]["logprobs"] is None


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_token_has_the_requested_number_of_alternatives(count: int) -> None:
    token = Token("a", -1.0, (("a", -1.0), ("b", -2.0), ("c", -3.0)))
    chunk = ReplyWriter("m", "0", "1", count).token(token, True)
    assert len(chunk["choices"][0]["logprobs"]["content"][0]["top_logprobs"]) == count


def test_values_that_json_cannot_express_are_replaced() -> None:
    tokens = (Token("a", -math.inf, (("\ud800", math.nan), ("b", -1e9))),)
    reply = ReplyWriter("m", "0", "1", top_logprobs=2).reply(Answer("\ud800", tokens, math.nan, "stop", False, 1))
    record = json.loads(bytes(AsciiJSON(reply).body))
    entry = record["choices"][0]["logprobs"]["content"][0]
    assert [entry["logprob"], *(top["logprob"] for top in entry["top_logprobs"])] == [-9999.0] * 3
    assert entry["top_logprobs"][0]["bytes"] == list("\N{REPLACEMENT CHARACTER}".encode())
    assert record["rsgpt"]["confidence"] == 0.0


def test_every_completion_has_a_unique_id() -> None:
    assert len({ReplyWriter("m", "0", "1").id for _ in range(100)}) == 100
