"""Chat-completion requests: validation, and conversion to asks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import NoReturn

from rsgpt_plugin.shared.rasters.ellipsoid import MAX_GSD_M, MIN_GSD_M

from ...predictor import TASKS, Answer, Ask, Token
from .. import limits
from .chat_messages import read_messages
from .data_uri_images import read_picture
from .refusals import Fields, Refusal, refuse
from .structured_output import AnswerConstraint, read_structure
from .unsupported import check_supported


@dataclass(frozen=True)
class ChatRequest:
    """What to ask, and how to send the answer. top_logprobs: None for no log probabilities."""

    ask: Ask
    stream: bool
    top_logprobs: int | None
    structure: AnswerConstraint = field(default_factory=AnswerConstraint)

    def format_answer(self, answer: Answer) -> Answer:
        """Return the answer in the format that the request asks for."""
        if not self.structure.is_json:
            return answer
        tokens = answer.tokens
        if len(tokens) == 1 and tokens[0].text == answer.text:  # a choice
            top = tuple((self.structure.write(text), logprob) for text, logprob in tokens[0].top)
            tokens = (Token(self.structure.write(answer.text), tokens[0].logprob, top),)
        return replace(answer, text=self.structure.write(answer.text), tokens=tokens)


def read_chat_request(body: bytes, model: str) -> ChatRequest:
    """Validate a request for `model` and decode its picture. Raises Refusal with a 4xx status."""
    fields = read_fields(body, model)
    check_supported(fields)
    structure = read_structure(fields)
    url, prompt = read_messages(fields.get("messages"))
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
        "choices": structure.choices,
        "is_whole_number": structure.is_whole_number,
        "top_p": _top_p(fields),
        "stops": _stops(fields),
        "gsd_m": read_gsd(fields),
        "task": _task(fields),
    }
    picture = read_picture(url)
    return ChatRequest(
        Ask(picture.pixels, picture.key, prompt, **options), stream, top if logprobs else None, structure
    )


def read_fields(body: bytes, model: str, other: str = "") -> Fields:
    """Return the fields of a request for `model` or `other`. Raises Refusal 400, or 404 for another model."""
    fields = _parse(body)
    if not isinstance(fields.get("model"), str):
        refuse("Set model to the name that /v1/models lists.")
    if not other or fields["model"] != other:
        check_model(fields["model"], model)
    return fields


def _parse(body: bytes) -> Fields:
    # The base64 text of a picture has no brackets, so that many can only be meant to exhaust the parser.
    if body.count(b"[") + body.count(b"{") > limits.MAX_JSON_BRACKETS:
        refuse("The request has too many nested parts.")
    try:
        fields = json.loads(body.decode("utf-8"), parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        refuse("The request is not valid JSON in UTF-8.")
    if not isinstance(fields, dict):
        refuse("The request must be a JSON object.")
    return fields


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(name)


def check_model(requested: str, model: str) -> None:
    """Raise Refusal 404 unless `requested` is the served model."""
    if requested != model:
        raise Refusal(404, "model_not_found", f"This server has one model, {model}; ask for that one.")


def _max_tokens(fields: Fields) -> int:
    name = "max_tokens" if fields.get("max_completion_tokens") is None else "max_completion_tokens"
    return _integer(fields, name, 0, (1, limits.MAX_NEW_TOKENS))


def _temperature(fields: Fields) -> float:
    value = fields.get("temperature")
    if value is None:
        return 0.0
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= limits.MAX_TEMPERATURE:
        refuse(f"temperature must be a number from 0 to {limits.MAX_TEMPERATURE:g}.")
    return float(value)


def _top_p(fields: Fields) -> float:
    value = fields.get("top_p")
    if value is None:
        return 1.0
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value <= 1:
        refuse("top_p must be a number above 0, up to 1.")
    return float(value)


def _stops(fields: Fields) -> tuple[str, ...]:
    value = fields.get("stop")
    stops = [value] if isinstance(value, str) else [] if value is None else value
    is_list = isinstance(stops, list) and len(stops) <= limits.MAX_STOPS
    if not is_list or not all(isinstance(stop, str) and 0 < len(stop) <= limits.MAX_CHOICE_CHARS for stop in stops):
        refuse(f"stop must be a string or a list of up to {limits.MAX_STOPS} strings, none of them empty.")
    return tuple(stops)


def _task(fields: Fields) -> str:
    value = fields.get("task")
    if value is None:
        return ""
    if value not in TASKS:
        refuse(f"task must be one of {', '.join(TASKS)}, or be left out.")
    return str(value)


def read_gsd(fields: Fields) -> float | None:
    """Return the meters per pixel of the picture, None if they are not given. Raises Refusal 400."""
    value = fields.get("gsd_m")
    if value is None:
        return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not MIN_GSD_M <= value <= MAX_GSD_M:
        refuse(f"gsd_m must be a number from {MIN_GSD_M:g} to {MAX_GSD_M:.0f}, in meters per pixel, or be left out.")
    return float(value)


def _integer(fields: Fields, name: str, default: int, bounds: tuple[int, int]) -> int:
    value = fields.get(name)
    if value is None:
        return default
    low, high = bounds
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        refuse(f"{name} must be a whole number from {low} to {high}.")
    return value


def _flag(fields: Fields, name: str) -> bool:
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        refuse(f"{name} must be true or false.")
    return bool(value)
