"""Constraints on answers, as vLLM's or OpenAI's request fields, and the output format that they require."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...predictor import NUMBERS
from .. import limits
from .refusals import Fields, refuse

_IGNORED = frozenset(("title", "description", "default", "examples", "$schema", "$defs", "additionalProperties"))
_BOUNDS = frozenset(("minimum", "maximum"))
_UNSUPPORTED = ("guided_regex", "guided_grammar", "guided_whitespace_pattern")


@dataclass(frozen=True)
class AnswerConstraint:
    """The allowed answers: choices or whole numbers; any text if there are neither.

    is_json: the answer is written as JSON. name: the property of a JSON object that holds it, "" for no object.
    booleans: the choices "yes" and "no" are written as true and false.
    """

    choices: tuple[str, ...] = ()
    is_whole_number: bool = False
    is_json: bool = False
    name: str = ""
    booleans: bool = False

    def write(self, text: str) -> str:
        """Return the text of an answer in the requested format."""
        if not self.is_json:
            return text
        value: object = (
            int(text) if self.is_whole_number and text.isdecimal() else text == "yes" if self.booleans else text
        )
        return json.dumps({self.name: value} if self.name else value, ensure_ascii=False)


def read_structure(fields: Fields) -> AnswerConstraint:
    """Read `structured_outputs`, `guided_choice`, `guided_json` or `response_format`. Raises Refusal 400."""
    for name in _UNSUPPORTED:
        if fields.get(name) is not None:
            refuse(f"{name} is not supported; use structured_outputs with choice or json, or leave it out.")
    constraints = [
        *_vllm(fields.get("structured_outputs")),
        *_choice(fields.get("guided_choice"), "guided_choice"),
        *_json(fields.get("guided_json"), "guided_json"),
        *_openai(fields.get("response_format")),
    ]
    if len(constraints) > 1:
        refuse("Constrain the answer in one way only: structured_outputs or response_format.")
    return constraints[0] if constraints else AnswerConstraint()


def _vllm(field: Any) -> list[AnswerConstraint]:
    if field is None:
        return []
    if not isinstance(field, dict):
        refuse("structured_outputs must be an object with choice or json.")
    if any(value for name, value in field.items() if name not in ("choice", "json")):
        refuse("structured_outputs may contain only choice or json; leave the rest out.")
    return [
        *_choice(field.get("choice"), "structured_outputs.choice"),
        *_json(field.get("json"), "structured_outputs.json"),
    ]


def _openai(field: Any) -> list[AnswerConstraint]:
    if field is None:
        return []
    kind = field.get("type") if isinstance(field, dict) else None
    if kind == "text":
        return []
    if kind != "json_schema":
        refuse("response_format must be of type text or json_schema; free JSON is not supported.")
    json_schema = field.get("json_schema")
    schema = json_schema.get("schema") if isinstance(json_schema, dict) else None
    if schema is None:
        refuse("response_format must contain json_schema with a schema.")
    return _json(schema, "response_format")


def _choice(choices: Any, name: str) -> list[AnswerConstraint]:
    return [] if choices is None else [AnswerConstraint(_valid_choices(choices, name))]


def _json(schema: Any, name: str) -> list[AnswerConstraint]:
    if schema is None:
        return []
    try:
        parsed = json.loads(schema) if isinstance(schema, str) else schema
    except (ValueError, RecursionError):
        refuse(f"The schema of {name} is not valid JSON.")
    if not isinstance(parsed, dict):
        refuse(f"The schema of {name} must be an object.")
    definitions = parsed.get("$defs")
    return [_object(parsed, definitions if isinstance(definitions, dict) else {}, name)]


def _object(schema: Mapping[str, Any], definitions: Mapping[str, Any], name: str) -> AnswerConstraint:
    """Return the constraint of a schema, which may be an object with one property."""
    if schema.get("type") != "object":
        return _value(_resolved(schema, definitions), name)
    properties = schema.get("properties")
    if not isinstance(properties, dict) or len(properties) != 1:
        refuse(f"An object in the schema of {name} must have exactly one property; ask once per property.")
    _check_keywords(schema, frozenset(("type", "properties", "required", "strict")), name)
    ((key, part),) = properties.items()
    if not isinstance(part, dict):
        refuse(f"The property in the schema of {name} must be a schema.")
    value = _value(_resolved(part, definitions), name)
    return AnswerConstraint(value.choices, value.is_whole_number, True, key, value.booleans)


def _value(schema: Mapping[str, Any], name: str) -> AnswerConstraint:
    kind, enum = schema.get("type"), schema.get("enum")
    if enum is not None and kind in (None, "string"):
        _check_keywords(schema, frozenset(("type", "enum")), name)
        return AnswerConstraint(_valid_choices(enum, f"The enum in {name}"), is_json=True)
    if kind == "boolean":
        _check_keywords(schema, frozenset(("type",)), name)
        return AnswerConstraint(("yes", "no"), is_json=True, booleans=True)
    if kind == "integer":
        _check_keywords(schema, frozenset(("type", *_BOUNDS)), name)
        return AnswerConstraint(_numbers(schema, name), is_whole_number=True, is_json=True)
    if kind == "string":
        _check_keywords(schema, frozenset(("type",)), name)
        return AnswerConstraint(is_json=True)
    refuse(f"The schema of {name} must be an enum of strings, a boolean, an integer or a string.")


def _numbers(schema: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return the numbers within the schema's bounds, or all numbers if it has none."""
    low, high = schema.get("minimum", 0), schema.get("maximum", int(NUMBERS[-1]))
    if not all(isinstance(bound, (int, float)) and not isinstance(bound, bool) for bound in (low, high)):
        refuse(f"minimum and maximum in the schema of {name} must be numbers.")
    numbers = tuple(number for number in NUMBERS if low <= int(number) <= high)
    if not numbers:
        refuse(f"The schema of {name} allows none of the numbers that the model can answer, 0 to {NUMBERS[-1]}.")
    return numbers


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema that `$ref` points to, as pydantic writes an enum."""
    pointer = schema.get("$ref")
    target = definitions.get(pointer.removeprefix("#/$defs/")) if isinstance(pointer, str) else None
    return target if isinstance(target, dict) else schema


def _check_keywords(schema: Mapping[str, Any], keywords: frozenset[str], name: str) -> None:
    if not keywords | _IGNORED >= schema.keys():
        refuse(f"The schema of {name} may use only {', '.join(sorted(keywords))} here.")


def _valid_choices(choices: Any, name: str) -> tuple[str, ...]:
    if not isinstance(choices, list) or not 1 < len(choices) <= limits.MAX_CHOICES:
        refuse(f"{name} must be a list of 2 to {limits.MAX_CHOICES} strings.")
    if not all(isinstance(choice, str) and _is_valid_choice(choice) for choice in choices):
        refuse(f"Each string of {name} must have 1 to {limits.MAX_CHOICE_CHARS} characters and no lone surrogates.")
    if len(set(choices)) < len(choices):
        refuse(f"{name} contains a string twice; remove one.")
    return tuple(choices)


def _is_valid_choice(choice: str) -> bool:
    has_surrogate = any("\ud800" <= character <= "\udfff" for character in choice)
    return bool(choice.strip()) and len(choice) <= limits.MAX_CHOICE_CHARS and not has_surrogate
