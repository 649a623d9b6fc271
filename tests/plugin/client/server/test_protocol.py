"""Requests and replies of the client against the contract files, which also test the server."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.client.server.protocol import (
    Prompt,
    build_embedding_request,
    build_request,
    parse_embeddings,
    parse_error,
    parse_models,
    parse_reply,
)
from rsgpt_plugin.errors import ServerError

CONTRACT = Path(__file__).resolve().parents[3] / "contract"


def contract(name: str) -> Any:
    return json.loads((CONTRACT / name).read_text("utf-8"))


def name_of(case: dict[str, Any]) -> str:
    return str(case["name"])


@pytest.mark.parametrize("case", contract("requests.json"), ids=name_of)
def test_requests_match_the_contract(case: dict[str, Any]) -> None:
    fields = dict(case["prompt"])
    fields["is_whole_number"] = fields.pop("is_number", False)
    fields["choices"] = tuple(fields.get("choices", ()))
    prompt = Prompt(image=base64.b64decode(fields.pop("image_base64")), **fields)
    assert json.loads(build_request(prompt, case["request"]["model"])) == case["request"]


@pytest.mark.parametrize(
    ("choices", "sent"),
    [
        ((), False),
        (("a",), False),
        (("a", "b"), True),
        (tuple(map(str, range(64))), True),
        (tuple(map(str, range(65))), False),
        (("x" * 200, "y"), True),
        (("x" * 201, "y"), False),
    ],
)
def test_choices_are_sent_within_the_limits_of_the_local_server(choices: tuple[str, ...], sent: bool) -> None:
    body = json.loads(build_request(Prompt(b"", "What?", choices=choices), "m"))
    assert body.get("structured_outputs") == ({"choice": list(choices)} if sent else None)


@pytest.mark.parametrize("case", contract("replies.json"), ids=name_of)
def test_replies_of_the_contract_are_parsed(case: dict[str, Any]) -> None:
    reply, expected = parse_reply(json.dumps(case["reply"]).encode()), case["answer"]
    assert (reply.text, reply.confidence) == (expected["text"], expected["confidence"])
    assert (reply.finish_reason, reply.degenerate) == (expected["finish_reason"], expected["degenerate"])
    assert [(token.text, token.logprob) for token in reply.tokens] == [
        (token["text"], token["logprob"]) for token in expected["tokens"]
    ]
    assert [list(map(list, token.top)) for token in reply.tokens] == [token["top"] for token in expected["tokens"]]


def test_models_of_the_contract_are_parsed() -> None:
    listed = contract("models.json")
    (model,) = parse_models(json.dumps(listed).encode())
    reads_gsd = listed["data"][0].get("capabilities", {}).get("gsd", False)
    expected = ModelInfo(
        "rsgpt-small", "0" * 64, fingerprint="0" * 16, precision="fp32", reads_gsd=reads_gsd, embeds=True
    )
    assert model == expected
    (foreign,) = parse_models(b'{"data": [{"id": "llava"}]}')
    assert foreign == ModelInfo("llava")


@pytest.mark.parametrize(
    ("capabilities", "reads_gsd"),
    [
        ({"gsd": True}, True),
        ({"gsd": False}, False),
        ({"gsd": "yes"}, False),
        ({"find": True}, False),
        (["gsd"], False),
    ],
)
def test_a_model_reads_the_ground_resolution_only_if_the_server_says_so(capabilities: object, reads_gsd: bool) -> None:
    (model,) = parse_models(json.dumps({"data": [{"id": "m", "capabilities": capabilities}]}).encode())
    assert model.reads_gsd is reads_gsd


def test_the_abilities_that_a_server_lists() -> None:
    finder = {"labels": ["car"], "boxed": [], "max_side": 640, "finest_gsd_m": 0.05, "fill": [0, 0, 0]}
    capabilities = {"finder": finder, "classifier": {"things": ["car"], "kinds": []}, "embed": True}
    (model,) = parse_models(json.dumps({"data": [{"id": "m", "capabilities": capabilities}]}).encode())
    assert model.finder is not None
    assert model.finder.labels == ("car",)
    assert model.classifier is not None
    assert model.embeds


def test_embeddings_are_parsed() -> None:
    request = json.loads(build_embedding_request(["a", "b"], "m"))
    assert request == {"model": "m", "input": ["a", "b"]}
    assert parse_embeddings(b'{"data": [{"embedding": [0, 1]}, {"embedding": [1, 0.5]}]}') == [[0, 1], [1, 0.5]]


@pytest.mark.parametrize("body", [b"{}", b'{"data": [{}]}', b'{"data": [{"embedding": [null]}]}', b'{"data": 1}'])
def test_a_reply_without_vectors_is_an_error(body: bytes) -> None:
    with pytest.raises(ServerError, match="no vectors"):
        parse_embeddings(body)


def test_a_plain_request_has_no_ground_resolution() -> None:
    prompt = Prompt(b"", "What?", gsd_m=0.3)
    assert json.loads(build_request(prompt, "m"))["gsd_m"] == 0.3
    assert "gsd_m" not in json.loads(build_request(prompt, "m", plain=True))
    assert "gsd_m" not in json.loads(build_request(Prompt(b"", "What?"), "m"))


@pytest.mark.parametrize("case", contract("errors.json"), ids=name_of)
def test_errors_become_a_message_for_the_user(case: dict[str, Any]) -> None:
    sentence = str(parse_error(case["status"], json.dumps(case["body"]).encode()))
    assert sentence.startswith("The model server ")
    assert case["status"] in (401, 403) or case["body"]["error"]["message"] in sentence


def test_reports_confidence_is_false_for_computed_confidence() -> None:
    body = {"choices": [{"message": {"content": "yes"}}], "rsgpt": {"confidence": 0.7}}
    assert parse_reply(json.dumps(body).encode()).reports_confidence
    assert not parse_reply(json.dumps({"choices": body["choices"]}).encode()).reports_confidence


def test_confidence_is_computed_from_tokens_if_the_server_reports_none() -> None:
    tokens = [{"token": "a", "logprob": math.log(0.5)}, {"token": "b", "logprob": math.log(0.125)}]
    body = {"choices": [{"message": {"content": "ab"}, "logprobs": {"content": tokens}}]}
    assert parse_reply(json.dumps(body).encode()).confidence == pytest.approx(0.25)


def test_an_empty_answer_is_degenerate() -> None:
    assert parse_reply(b'{"choices": [{"message": {"content": "  "}}]}').degenerate


def test_deeply_nested_json_raises_server_error() -> None:
    with pytest.raises(ServerError):
        parse_reply(b"[" * 200_000)


def completion(message: dict[str, Any], finish: str = "stop", tokens: Sequence[tuple[str, float]] = ()) -> bytes:
    """Return a reply with this message, and tokens with these log probabilities."""
    listed = [{"token": text, "logprob": logprob, "top_logprobs": []} for text, logprob in tokens]
    choice = {"message": message, "finish_reason": finish, "logprobs": {"content": listed}}
    return json.dumps({"choices": [choice]}).encode()


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ("<think>12 boats?</think>\n\nA harbor.", "A harbor."),
        ("12 boats, or 3 are buoys.\n</think>\n\n9", "9"),
        ("<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>A harbor.", "A harbor."),
    ],
)
def test_reasoning_is_removed_from_the_answer(content: str, answer: str) -> None:
    assert parse_reply(completion({"content": content})).text == answer


@pytest.mark.parametrize(
    "message",
    [
        {"content": "<think>The picture shows 12 white boats, let me count"},
        {"content": "", "reasoning_content": "There are 7 boats"},
        {"content": None, "reasoning": "There are 7 boats"},
    ],
)
def test_an_answer_cut_off_during_reasoning_raises_server_error(message: dict[str, Any]) -> None:
    with pytest.raises(ServerError, match="still reasoning"):
        parse_reply(completion(message, "length"))


def test_reasoning_tokens_do_not_count_for_the_confidence() -> None:
    tokens = [("<think>", -5.0), ("yes", -5.0), ("</think>", -5.0), ("\n\n", -0.1), ("ye", -0.5), ("s", -0.5)]
    reply = parse_reply(completion({"content": "<think>yes</think>\n\nyes"}, tokens=tokens))
    assert [token.text for token in reply.tokens] == ["ye", "s"]
    assert reply.confidence == pytest.approx(math.exp(-0.5))


def test_invalid_characters_are_replaced_or_removed() -> None:
    assert parse_reply(completion({"content": "half \ud83d emoji\0\x07 end"})).text == "half \ufffd emoji end"


def test_a_confidence_that_overflows_float_is_nan() -> None:
    body = f'{{"choices": [{{"message": {{"content": "a"}}}}], "rsgpt": {{"confidence": 1{"0" * 400}}}}}'
    assert math.isnan(parse_reply(body.encode()).confidence)
