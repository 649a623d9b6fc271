"""Reads a chat-completion request into an ask. It knows the protocol, not HTTP and not the engine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from ..asking import Ask
from . import limits
from .choices import read_choices
from .images import read_picture
from .refusals import Fields, Refusal, refuse


@dataclass(frozen=True)
class Order:
    """What to ask, and how to send the answer. top_logprobs: None for no log probabilities at all."""

    ask: Ask
    stream: bool
    top_logprobs: int | None


def read_order(body: bytes, model: str) -> Order:
    """Check a request for `model` and decode its picture; raises Refusal with a 4xx status."""
    fields = _parse(body)
    _check_model(fields, model)
    if fields.get("n") not in (None, 1):
        refuse("n must be 1; ask again for another answer.")
    url, prompt = _read_messages(fields.get("messages"))
    stream, logprobs = _flag(fields, "stream"), _flag(fields, "logprobs")
    top = _integer(fields, "top_logprobs", 0, (0, limits.MAX_TOP_LOGPROBS))
    if top and not logprobs:
        refuse("top_logprobs needs logprobs to be true.")
    options: Fields = {
        "max_new_tokens": _max_tokens(fields),
        "temperature": _temperature(fields),
        "seed": _integer(fields, "seed", 0, (-(2**63), 2**63 - 1)),
        "top_logprobs": top,
        "beams": _integer(fields, "beams", 0, (1, limits.MAX_BEAMS)),
        "choices": read_choices(fields),
    }
    picture = read_picture(url)
    return Order(Ask(picture.pixels, picture.key, prompt, **options), stream, top if logprobs else None)


def _parse(body: bytes) -> Fields:
    # Text of a picture has no brackets, so many of them can only be meant to exhaust the parser.
    if body.count(b"[") + body.count(b"{") > limits.MAX_JSON_BRACKETS:
        refuse("The request has too many nested parts.")
    try:
        fields = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        refuse("The request is not valid JSON in UTF-8.")
    if not isinstance(fields, dict):
        refuse("The request must be a JSON object.")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _check_model(fields: Fields, model: str) -> None:
    if not isinstance(fields.get("model"), str):
        refuse("Name the model, as /v1/models lists it.")
    if fields["model"] != model:
        raise Refusal(404, "model_not_found", f"This server has one model, {model}; ask for that one.")


def _read_messages(messages: Any) -> tuple[str, str]:
    """The picture's address and the prompt of the one user message."""
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        refuse("messages must be a list of objects.")
    asked = [message for message in messages if message.get("role") != "system"]
    if len(asked) != 1 or asked[0].get("role") != "user":
        refuse("Send exactly one user message; a conversation cannot be continued.")
    parts = asked[0].get("content")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        refuse("The user message's content must be a list with one image_url part and one text part.")
    if sorted(str(part.get("type")) for part in parts) != ["image_url", "text"]:
        refuse("Send one picture and one text, as one image_url part and one text part.")
    url, text = sorted(parts, key=lambda part: str(part["type"]))
    return _read_url(url), _read_text(text)


def _read_url(part: Fields) -> str:
    target = part.get("image_url")
    url = target.get("url") if isinstance(target, dict) else None
    if not isinstance(url, str):
        refuse("image_url must be an object with a url.")
    return url


def _read_text(part: Fields) -> str:
    text = part.get("text")
    if not isinstance(text, str) or not text.strip():
        refuse("The text part must not be empty.")
    if len(text) > limits.MAX_PROMPT_CHARS:
        refuse(f"Shorten the text to {limits.MAX_PROMPT_CHARS} characters.")
    if any("\ud800" <= character <= "\udfff" for character in text):
        refuse("The text holds half a character (a lone surrogate); remove it.")
    return text


def _max_tokens(fields: Fields) -> int:
    name = "max_tokens" if fields.get("max_completion_tokens") is None else "max_completion_tokens"
    return _integer(fields, name, 0, (1, limits.MAX_NEW_TOKENS))


def _temperature(fields: Fields) -> float:
    value = fields.get("temperature")
    if value is None:
        return 0.0
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0 <= value <= limits.MAX_TEMPERATURE:
        refuse(f"temperature must be a number from 0 to {limits.MAX_TEMPERATURE:g}.")
    return float(value)


def _integer(fields: Fields, name: str, default: int, bounds: tuple[int, int]) -> int:
    value = fields.get(name)
    if value is None:
        return default
    low, high = bounds
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        refuse(f"{name} must be a whole number, {low} to {high}.")
    return value


def _flag(fields: Fields, name: str) -> bool:
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        refuse(f"{name} must be true or false.")
    return bool(value)
