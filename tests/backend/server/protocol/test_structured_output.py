"""Constraints on answers in vLLM's and OpenAI's request fields, and the formats of constrained answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rsgpt_backend.predictor import NUMBERS, Answer, Token
from rsgpt_backend.server import limits
from rsgpt_backend.server.protocol.refusals import Refusal
from rsgpt_backend.server.protocol.requests import read_chat_request
from rsgpt_backend.server.protocol.structured_output import AnswerConstraint, read_structure
from tests.backend.server.harness import RunningServer, encode, question

MANY = [str(number) for number in range(limits.MAX_CHOICES)]
LONG = "x" * limits.MAX_CHOICE_CHARS


@pytest.mark.parametrize("choices", [["farmland", "forest"], ["\u519c\u7530", "a"], MANY, [LONG, "y"]])
def test_choices_under_both_names_reach_the_ask(choices: list[str]) -> None:
    for fields in ({"structured_outputs": {"choice": choices}}, {"guided_choice": choices}):
        assert read_chat_request(encode(question(**fields)), "rsgpt-small").ask.choices == tuple(choices)


@pytest.mark.parametrize(
    "fields", [{}, {"structured_outputs": None}, {"guided_choice": None}, {"structured_outputs": {"choice": None}}]
)
def test_without_choices_the_ask_has_none(fields: dict[str, Any]) -> None:
    assert read_chat_request(encode(question(**fields)), "rsgpt-small").ask.choices == ()


BAD: dict[str, Any] = {
    "a text": "yes",
    "none": [],
    "one": ["yes"],
    "too many": [*MANY, "more"],
    "too long": [LONG + "x", "y"],
    "a number": [1, "y"],
    "an empty one": [" ", "y"],
    "half a character": ["\ud83d", "y"],
    "one twice": ["y", "n", "y"],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_choices_are_refused(name: str) -> None:
    for fields in ({"structured_outputs": {"choice": BAD[name]}}, {"guided_choice": BAD[name]}):
        with pytest.raises(Refusal, match=r"\.$") as caught:
            read_structure(fields)
        assert (caught.value.status, caught.value.code) == (400, "invalid_request")


@pytest.mark.parametrize("outputs", [[], "choice", {"regex": "a+"}, {"choice": ["a", "b"], "grammar": "x"}])
def test_unsupported_structured_outputs_are_refused(outputs: object) -> None:
    with pytest.raises(Refusal, match="structured_outputs"):
        read_structure({"structured_outputs": outputs})


def schema(form: dict[str, Any]) -> dict[str, Any]:
    """Return a request field `response_format` with a schema."""
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": form, "strict": True}}}


def an_object(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


KIND = {"$defs": {"Kind": {"enum": ["road", "river"], "title": "Kind", "type": "string"}}}
FORMS: list[tuple[dict[str, Any], AnswerConstraint, str, str]] = [
    ({"enum": ["road", "river"]}, AnswerConstraint(("road", "river"), is_json=True), "river", '"river"'),
    ({"type": "boolean"}, AnswerConstraint(("yes", "no"), is_json=True, booleans=True), "yes", "true"),
    ({"type": "integer"}, AnswerConstraint(NUMBERS, True, True), "12", "12"),
    ({"type": "integer", "minimum": 1, "maximum": 3.5}, AnswerConstraint(("1", "2", "3"), True, True), "3", "3"),
    ({"type": "string"}, AnswerConstraint(is_json=True), 'A "road".', '"A \\"road\\"."'),
    (
        an_object(use={"type": "string", "enum": ["road", "river"], "title": "Use"}),
        AnswerConstraint(("road", "river"), is_json=True, name="use"),
        "road",
        '{"use": "road"}',
    ),
    (
        an_object(water={"type": "boolean"}),
        AnswerConstraint(("yes", "no"), False, True, "water", True),
        "no",
        '{"water": false}',
    ),
    (
        {**an_object(kind={"$ref": "#/$defs/Kind"}), **KIND},
        AnswerConstraint(("road", "river"), is_json=True, name="kind"),
        "road",
        '{"kind": "road"}',
    ),
]


@pytest.mark.parametrize(("form", "structure", "text", "written"), FORMS)
def test_a_schema_sets_the_constraint_and_the_format(
    form: dict[str, Any], structure: AnswerConstraint, text: str, written: str
) -> None:
    request = read_chat_request(encode(question(**schema(form))), "rsgpt-small")
    assert request.structure == structure
    assert (request.ask.choices, request.ask.is_whole_number) == (structure.choices, structure.is_whole_number)
    formatted = request.format_answer(Answer(text, (Token(text, -0.5, ((text, -0.5),)),), 0.6, "stop", False, 1))
    assert (formatted.text, formatted.tokens) == (written, (Token(written, -0.5, ((written, -0.5),)),))
    for fields in ({"structured_outputs": {"json": form}}, {"guided_json": json.dumps(form)}):
        assert read_structure(fields) == structure


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"type": "array", "items": {"type": "string"}},
        {"type": "number"},
        {"enum": [1, 2]},
        {"type": "integer", "minimum": 101, "maximum": 199},
        {"type": "integer", "minimum": "1"},
        {"type": "integer", "multipleOf": 2},
        {"type": "string", "pattern": "a+"},
        {"$ref": "#/$defs/None"},
        {"$ref": []},
        an_object(),
        an_object(a={"type": "boolean"}, b={"type": "boolean"}),
        an_object(a=an_object(b={"type": "boolean"})),
        {**an_object(a={"type": "boolean"}), "minProperties": 1},
        {"type": "object", "properties": {"a": 1}},
        {"anyOf": [{"type": "boolean"}]},
        {"type": []},
    ],
)
def test_unsupported_schemas_are_refused(form: dict[str, Any]) -> None:
    for fields in (schema(form), {"structured_outputs": {"json": form}}, {"guided_json": form}):
        with pytest.raises(Refusal, match=r"\.$") as caught:
            read_structure(fields)
        assert (caught.value.status, caught.value.code) == (400, "invalid_request")


@pytest.mark.parametrize(
    "fields",
    [
        {"response_format": {"type": "json_object"}},
        {"response_format": "text"},
        {"response_format": {}},
        {"response_format": {"type": "json_schema"}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}},
        {"guided_json": "{"},
        {"guided_json": 1},
        {"guided_regex": "a+"},
        {"guided_grammar": "root ::= a"},
        {"guided_choice": ["a", "b"], "structured_outputs": {"choice": ["a", "b"]}},
        {"structured_outputs": {"choice": ["a", "b"], "json": {"type": "integer"}}},
    ],
)
def test_unsupported_or_conflicting_constraints_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match=r"\.$") as caught:
        read_structure(fields)
    assert caught.value.status == 400


@pytest.mark.parametrize("fields", [{"response_format": None}, {"response_format": {"type": "text"}}])
def test_plain_text_is_unconstrained(fields: dict[str, Any]) -> None:
    assert read_structure(fields) == AnswerConstraint()


@pytest.mark.parametrize("stream", [False, True])
def test_json_is_sent_in_one_piece(served: RunningServer, stream: bool) -> None:
    fields = schema(an_object(said={"type": "string"}))
    reply = served.ask(number=7, stream=stream, logprobs=True, top_logprobs=1, **fields)
    if stream:
        lines = [line.removeprefix("data: ") for line in reply.body.decode().splitlines() if line]
        deltas = [json.loads(line)["choices"][0]["delta"] for line in lines[:-1]]
        assert [delta.get("content") for delta in deltas] == ['{"said": "picture 7"}', None]
    else:
        assert json.loads(reply.text) == {"said": "picture 7"}
