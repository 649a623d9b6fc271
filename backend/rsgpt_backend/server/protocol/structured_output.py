"""Reads which answers a request allows, in vLLM's words or OpenAI's, and writes the answer in that form.

It knows the protocol, not HTTP and not the engine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...predictor import NUMBERS
from .. import limits
from .refusals import Fields, refuse

_NOTES = frozenset(("title", "description", "default", "examples", "$schema", "$defs", "additionalProperties"))
_OF_NUMBERS = frozenset(("minimum", "maximum"))
_OTHERS = ("guided_regex", "guided_grammar", "guided_whitespace_pattern")


@dataclass(frozen=True)
class AnswerConstraint:
    """The answers that are allowed: choices, or whole numbers; with neither any text.

    is_json: the answer is written as JSON; name: as an object with this one property. booleans: as true and false.
    """

    choices: tuple[str, ...] = ()
    is_number: bool = False
    is_json: bool = False
    name: str = ""
    booleans: bool = False

    def write(self, text: str) -> str:
        """The answer as the request wants it."""
        if not self.is_json:
            return text
        value: object = int(text) if self.is_number and text.isdecimal() else text == "yes" if self.booleans else text
        return json.dumps({self.name: value} if self.name else value, ensure_ascii=False)


def read_structure(fields: Fields) -> AnswerConstraint:
    """What `structured_outputs`, `guided_choice`, `guided_json` or `response_format` allows."""
    for name in _OTHERS:
        if fields.get(name) is not None:
            refuse(f"{name} is not supported; use structured_outputs with choice or json, or leave it out.")
    found = [
        *_vllm(fields.get("structured_outputs")),
        *_choice(fields.get("guided_choice"), "guided_choice"),
        *_json(fields.get("guided_json"), "guided_json"),
        *_openai(fields.get("response_format")),
    ]
    if len(found) > 1:
        refuse("Say in one way which answers are allowed: structured_outputs or response_format.")
    return found[0] if found else AnswerConstraint()


def _vllm(wanted: Any) -> list[AnswerConstraint]:
    if wanted is None:
        return []
    if not isinstance(wanted, dict):
        refuse("structured_outputs must be an object with choice or json.")
    if any(value for name, value in wanted.items() if name not in ("choice", "json")):
        refuse("structured_outputs may hold choice or json alone; leave the rest out.")
    return [
        *_choice(wanted.get("choice"), "structured_outputs.choice"),
        *_json(wanted.get("json"), "structured_outputs.json"),
    ]


def _openai(wanted: Any) -> list[AnswerConstraint]:
    if wanted is None:
        return []
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "text":
        return []
    if kind != "json_schema":
        refuse("response_format must be of type text or json_schema; free JSON is not supported.")
    described = wanted.get("json_schema")
    schema = described.get("schema") if isinstance(described, dict) else None
    if schema is None:
        refuse("response_format must hold json_schema with a schema.")
    return _json(schema, "response_format")


def _choice(choices: Any, name: str) -> list[AnswerConstraint]:
    return [] if choices is None else [AnswerConstraint(_checked(choices, name))]


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
    """The structure of a schema, which may be an object with one property."""
    if schema.get("type") != "object":
        return _value(_resolved(schema, definitions), name)
    properties = schema.get("properties")
    if not isinstance(properties, dict) or len(properties) != 1:
        refuse(f"An object in the schema of {name} must have exactly one property; ask once per property.")
    _check_words(schema, frozenset(("type", "properties", "required", "strict")), name)
    ((key, part),) = properties.items()
    if not isinstance(part, dict):
        refuse(f"The property in the schema of {name} must be a schema.")
    value = _value(_resolved(part, definitions), name)
    return AnswerConstraint(value.choices, value.is_number, True, key, value.booleans)


def _value(schema: Mapping[str, Any], name: str) -> AnswerConstraint:
    kind, listed = schema.get("type"), schema.get("enum")
    if listed is not None and kind in (None, "string"):
        _check_words(schema, frozenset(("type", "enum")), name)
        return AnswerConstraint(_checked(listed, f"The enum in {name}"), is_json=True)
    if kind == "boolean":
        _check_words(schema, frozenset(("type",)), name)
        return AnswerConstraint(("yes", "no"), is_json=True, booleans=True)
    if kind == "integer":
        _check_words(schema, frozenset(("type", *_OF_NUMBERS)), name)
        return AnswerConstraint(_numbers(schema, name), is_number=True, is_json=True)
    if kind == "string":
        _check_words(schema, frozenset(("type",)), name)
        return AnswerConstraint(is_json=True)
    refuse(f"The schema of {name} must be an enum of texts, a boolean, an integer or a string.")


def _numbers(schema: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Those within the schema's bounds; all where it has none."""
    low, high = schema.get("minimum", 0), schema.get("maximum", int(NUMBERS[-1]))
    if not all(isinstance(bound, (int, float)) and not isinstance(bound, bool) for bound in (low, high)):
        refuse(f"minimum and maximum in the schema of {name} must be numbers.")
    found = tuple(number for number in NUMBERS if low <= int(number) <= high)
    if not found:
        refuse(f"The schema of {name} allows none of the numbers that the model knows, 0 to {NUMBERS[-1]}.")
    return found


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that `$ref` stands for, as pydantic writes an enum."""
    pointer = schema.get("$ref")
    found = definitions.get(pointer.removeprefix("#/$defs/")) if isinstance(pointer, str) else None
    return found if isinstance(found, dict) else schema


def _check_words(schema: Mapping[str, Any], known: frozenset[str], name: str) -> None:
    if not known | _NOTES >= schema.keys():
        refuse(f"The schema of {name} may use {', '.join(sorted(known))} here, and no other conditions.")


def _checked(choices: Any, name: str) -> tuple[str, ...]:
    if not isinstance(choices, list) or not 1 < len(choices) <= limits.MAX_CHOICES:
        refuse(f"{name} must be a list of 2 to {limits.MAX_CHOICES} texts.")
    if not all(isinstance(choice, str) and _is_sound(choice) for choice in choices):
        refuse(f"Each text of {name} must have 1 to {limits.MAX_CHOICE_CHARS} characters, and no half ones.")
    if len(set(choices)) < len(choices):
        refuse(f"{name} holds a text twice; remove one.")
    return tuple(choices)


def _is_sound(choice: str) -> bool:
    is_whole = not any("\ud800" <= character <= "\udfff" for character in choice)
    return bool(choice.strip()) and len(choice) <= limits.MAX_CHOICE_CHARS and is_whole
