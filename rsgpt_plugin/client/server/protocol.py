"""Requests and replies of the chat-completions protocol as bytes. Does not import Qt."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Optional

from ...errors import ModelError, RsgptError, ServerError
from ...shared.answers.reasoning import answer_token_index, without_reasoning
from ...shared.i18n import mark, marked, translate
from ...shared.model_abilities import classifier_info, finder_info
from ...shared.text import clean
from ..installed_models import ModelInfo
from .refusal_reasons import Complaint, classify_refusal

_TEXT_ONLY = mark("This model reads text only. Choose a model that accepts pictures.")
_MESSAGE_KEYS = ("message", "error", "detail")
# Limits of the local server for structured output.
_MAX_CHOICES = 64
_MAX_CHOICE_LENGTH = 200
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Prompt:
    """One question about one picture. image: an encoded PNG or JPEG, 8-bit RGB.

    max_tokens: per answer, 0 for the model's default. choices: the allowed answers, empty for free text.
    is_whole_number: whether the answer must be a whole number. gsd_m: meters per pixel of the picture, None to leave it
    out. task: what the model does instead of answering, see Question.
    """

    image: bytes
    text: str
    max_tokens: int = 0
    top_logprobs: int = 5
    choices: tuple[str, ...] = ()
    is_whole_number: bool = False
    gsd_m: Optional[float] = None
    task: str = ""

    @property
    def structure(self) -> dict[str, Any]:
        """The `structured_outputs` field in vLLM's format; empty for free text, or too many or too long choices."""
        if self.is_whole_number:
            return {"json": {"type": "integer"}}
        if 1 < len(self.choices) <= _MAX_CHOICES and max(map(len, self.choices)) <= _MAX_CHOICE_LENGTH:
            return {"choice": list(self.choices)}
        return {}

    @property
    def structure_kind(self) -> str:
        """vLLM's name of the structure, "" for none."""
        return next(iter(self.structure), "")


@dataclass(frozen=True)
class ReplyToken:
    """A generated token with its natural log probability, and its most likely alternatives with theirs."""

    text: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Reply:
    """A finished answer. confidence: 0 to 1, NaN if the server reports no probabilities.

    reports_confidence: True if the server reported the confidence; otherwise it is the geometric mean of the tokens'
    probabilities. fingerprint: hash of everything that determined the answer; empty if the server does not report it.
    is_unusual: whether the server reports that the picture is far from the training pictures.
    answered_by: the part of the model that answered, or "".
    """

    text: str
    confidence: float
    tokens: tuple[ReplyToken, ...]
    finish_reason: str
    degenerate: bool
    model: str
    reports_confidence: bool = False
    fingerprint: str = ""
    is_unusual: bool = False
    answered_by: str = ""


def build_request(prompt: Prompt, model: str, plain: bool = False) -> bytes:
    """Return the body of `POST chat/completions` for greedy decoding. plain: leave out all optional fields.

    The picture is always a data URI, because servers should not download pictures.
    """
    kind = "png" if prompt.image.startswith(_PNG) else "jpeg"
    picture = base64.b64encode(prompt.image).decode("ascii")
    content = [
        {"type": "image_url", "image_url": {"url": f"data:image/{kind};base64,{picture}"}},
        {"type": "text", "text": prompt.text},
    ]
    body = {
        "model": model,
        "messages": [{"role": "user", "content": content}],
        "temperature": 0,
        **({"max_tokens": prompt.max_tokens} if prompt.max_tokens else {}),
    }
    optional: dict[str, Any] = {"seed": 0, "logprobs": True, "top_logprobs": prompt.top_logprobs}
    if prompt.structure:
        optional["structured_outputs"] = prompt.structure
    if prompt.gsd_m is not None:
        optional["gsd_m"] = prompt.gsd_m
    if prompt.task:
        optional["task"] = prompt.task
    return json.dumps(body if plain else {**body, **optional}).encode("utf-8")


def parse_reply(body: bytes) -> Reply:
    """Parse a chat completion. Raises ServerError or ModelError if it holds no answer or reports an error."""
    record = _object(body)
    if record.get("error") or record.get("object") == "error":
        raise _reported(_message(record) or translate("Rsgpt", "no reason given"))
    choice = _mapping(_first(record.get("choices")))
    text = _answer(choice)
    tokens = _tokens(choice)
    tokens = tokens[answer_token_index([token.text for token in tokens], text) :]
    extra = _mapping(record.get("rsgpt"))
    return Reply(
        text=text,
        confidence=_number(extra.get("confidence"), _mean_probability(tokens)),
        tokens=tokens,
        finish_reason=str(choice.get("finish_reason") or "stop"),
        degenerate=bool(extra.get("degenerate", not text.strip())),
        model=clean(str(record.get("model") or "")),
        reports_confidence=not math.isnan(_number(extra.get("confidence"))),
        fingerprint=clean(str(extra.get("fingerprint") or "")),
        is_unusual=extra.get("unusual") is True,
        answered_by=clean(str(extra.get("answered_by") or "")),
    )


def _reported(message: str) -> RsgptError:
    """Return the error for a 200 reply that reports an error."""
    if classify_refusal(200, message) is Complaint.TEXT_ONLY:
        return _text_only(message)
    return ServerError(translate("Rsgpt", "The model server reports: {said}").format(said=message))


def build_embedding_request(texts: Sequence[str], model: str) -> bytes:
    """Return the body of `POST embeddings`."""
    return json.dumps({"model": model, "input": list(texts)}).encode("utf-8")


def parse_embeddings(body: bytes) -> list[list[float]]:
    """Return the vectors of the texts, in their order. Raises ServerError if the reply has none."""
    listed = _object(body).get("data")
    entries = [_mapping(entry).get("embedding") for entry in listed] if isinstance(listed, list) else []
    vectors = [[_number(value) for value in entry] for entry in entries if isinstance(entry, list)]
    if not vectors or len(vectors) != len(entries) or not all(map(math.isfinite, chain.from_iterable(vectors))):
        raise ServerError(translate("Rsgpt", "The model server sent no vectors. Choose another model for a search."))
    return vectors


def parse_models(body: bytes) -> list[ModelInfo]:
    """Parse the reply to `GET models`. Entries without a name are left out."""
    listed = _object(body).get("data")
    entries = [_mapping(entry) for entry in listed] if isinstance(listed, list) else []
    named = [entry for entry in entries if entry.get("id")]
    return [_model(entry) for entry in named]


def _model(entry: Mapping[str, Any]) -> ModelInfo:
    fields = {name: clean(str(entry.get(name) or "")) for name in ("weights_sha256", "fingerprint", "precision")}
    capabilities = _mapping(entry.get("capabilities"))
    return ModelInfo(
        clean(str(entry["id"])),
        **fields,
        reads_gsd=capabilities.get("gsd") is True,
        finder=finder_info(capabilities.get("finder")),
        classifier=classifier_info(capabilities.get("classifier")),
        embeds=capabilities.get("embed") is True,
    )


def parse_error(status: int, body: bytes) -> RsgptError:
    """Return the error for a reply with an HTTP error status."""
    message = error_message(body)
    complaint = classify_refusal(status, message)
    if status == 407:
        return ServerError(
            translate(
                "Rsgpt",
                "The proxy did not accept the login. Correct it in QGIS under Settings ▸ Options ▸ Network.",
            )
        )
    if complaint is Complaint.KEY:
        return ServerError(
            translate(
                "Rsgpt", "The model server did not accept the key. Enter the correct key in the options of RSGPT."
            )
        )
    if complaint is Complaint.TEXT_ONLY:
        return _text_only(message)
    if 300 <= status < 400:
        return ServerError(
            translate(
                "Rsgpt", "The model server redirects to another address. Enter that address in the options of RSGPT."
            )
        )
    if status == 404:
        return ModelError(
            translate("Rsgpt", "The model server does not know this model or address. {said}")
            .format(said=message)
            .strip()
        )
    return ServerError(
        translate("Rsgpt", "The model server refused the request (status {status}). {said}")
        .format(status=status, said=message)
        .strip(),
        status,
    )


def _text_only(message: str) -> ModelError:
    sentence = translate("Rsgpt", "{reads_text} The server reports: {said}")
    return ModelError(sentence.format(reads_text=marked(_TEXT_ONLY), said=message))


def error_message(body: bytes) -> str:
    """Return the message of an error reply in any of the usual formats, or ""."""
    try:
        return _message(_object(body))
    except ServerError:
        return ""


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        record = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ServerError(translate("Rsgpt", "The model server did not reply with JSON. Check its address.")) from error
    return _mapping(record)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else None


def _message(record: Mapping[str, Any]) -> str:
    error = record.get("error") or record
    message = next((error[name] for name in _MESSAGE_KEYS if error.get(name)), "") if isinstance(error, dict) else error
    return clean(str(message))[:500]


def _answer(choice: Mapping[str, Any]) -> str:
    """Return the text of the answer without the reasoning before it. Raises ServerError if there is none."""
    message = _mapping(choice.get("message"))
    content = _content(message)
    answer = None if content is None else without_reasoning(content)
    is_cut = choice.get("finish_reason") == "length"
    has_reasoned = (content or "").strip() or message.get("reasoning_content") or message.get("reasoning")
    if (answer is None and content is not None) or (is_cut and has_reasoned and not (answer or "").strip()):
        raise ServerError(
            translate(
                "Rsgpt",
                "The answer was cut off while the model was still reasoning. Turn off reasoning for this model, or "
                "choose another model.",
            )
        )
    if answer is None:
        raise ServerError(translate("Rsgpt", "The model server sent no answer. Check that it serves a chat model."))
    return answer


def _content(message: Mapping[str, Any]) -> Optional[str]:
    """Return the text of a message whose content is a string or a list of parts."""
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(str(_mapping(part).get("text") or "") for part in content) or None
    return clean(content) if isinstance(content, str) else None


def _tokens(choice: Mapping[str, Any]) -> tuple[ReplyToken, ...]:
    listed = _mapping(choice.get("logprobs")).get("content")
    entries: Sequence[object] = listed if isinstance(listed, list) else ()
    return tuple(_token(_mapping(entry)) for entry in entries)


def _token(entry: Mapping[str, Any]) -> ReplyToken:
    listed = entry.get("top_logprobs")
    top = [_mapping(other) for other in listed] if isinstance(listed, list) else []
    pairs = tuple((str(other.get("token", "")), _number(other.get("logprob"))) for other in top)
    return ReplyToken(str(entry.get("token", "")), _number(entry.get("logprob")), pairs)


def _number(value: object, default: float = math.nan) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return default
    try:
        return float(value)
    except OverflowError:
        return default


def _mean_probability(tokens: Sequence[ReplyToken]) -> float:
    logprobs = [token.logprob for token in tokens if not math.isnan(token.logprob)]
    return math.exp(min(0.0, sum(logprobs) / len(logprobs))) if logprobs else math.nan
