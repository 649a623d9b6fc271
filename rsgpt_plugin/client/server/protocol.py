"""Requests and replies of the chat-completions protocol as bytes. Sends nothing and knows no Qt."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ...errors import ModelError, RsgptError, ServerError
from ...shared.answers.reasoning import first_of_answer, without_reasoning
from ...shared.i18n import mark, marked, translate
from ...shared.text import clean
from ..installed_models import ModelInfo
from .refusal_reasons import Complaint, read_complaint

_READS_TEXT = mark("This model reads text only. Choose one that sees pictures.")
_WORDS = ("message", "error", "detail")
_MOST_CHOICES = 64
_LONGEST_CHOICE = 200
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Prompt:
    """One question about one picture. image: an encoded PNG or JPEG, 8-bit RGB.

    max_tokens: of the answer, 0 for as many as the model is set up to write. choices: the only answers there are;
    is_number: these are the whole numbers.
    """

    image: bytes
    text: str
    max_tokens: int = 0
    top_logprobs: int = 5
    choices: tuple[str, ...] = ()
    is_number: bool = False

    @property
    def structure(self) -> dict[str, Any]:
        """How a server is told which answers there are, in vLLM's words; empty where there are too many, or any.

        Choices are no more and no longer than our own server takes.
        """
        if self.is_number:
            return {"json": {"type": "integer"}}
        if 1 < len(self.choices) <= _MOST_CHOICES and max(map(len, self.choices)) <= _LONGEST_CHOICE:
            return {"choice": list(self.choices)}
        return {}

    @property
    def structure_kind(self) -> str:
        """What vLLM calls that structure, "" for none."""
        return next(iter(self.structure), "")


@dataclass(frozen=True)
class ReplyToken:
    """One generated token, its natural log probability, and the likeliest alternatives with theirs."""

    text: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Reply:
    """A finished answer. confidence: 0 to 1, NaN where the server reports no probabilities.

    says_confidence: whether it is the server's own word, else it is the mean of the tokens' probabilities.
    fingerprint: of everything that decided the answer; empty where the server does not report it.
    """

    text: str
    confidence: float
    tokens: tuple[ReplyToken, ...]
    finish_reason: str
    degenerate: bool
    model: str
    says_confidence: bool = False
    fingerprint: str = ""


def build_request(prompt: Prompt, model: str, plain: bool = False) -> bytes:
    """Return the body of `POST chat/completions`: greedy, one picture, one text. plain: for servers that know no more.

    The picture comes as a data URI always: hardly any server fetches an address, and none should.
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
    return json.dumps(body if plain else {**body, **optional}).encode("utf-8")


def parse_reply(body: bytes) -> Reply:
    """Read a chat completion. ServerError where there is no answer in it, an error in a 200 body included."""
    record = _object(body)
    if record.get("error") or record.get("object") == "error":
        raise _reported(_message(record) or translate("Rsgpt", "no reason given"))
    choice = _mapping(_first(record.get("choices")))
    text = _answer(choice)
    tokens = _tokens(choice)
    tokens = tokens[first_of_answer([token.text for token in tokens], text) :]
    extra = _mapping(record.get("rsgpt"))
    return Reply(
        text=text,
        confidence=_number(extra.get("confidence"), _mean_probability(tokens)),
        tokens=tokens,
        finish_reason=str(choice.get("finish_reason") or "stop"),
        degenerate=bool(extra.get("degenerate", not text.strip())),
        model=clean(str(record.get("model") or "")),
        says_confidence=not math.isnan(_number(extra.get("confidence"))),
        fingerprint=clean(str(extra.get("fingerprint") or "")),
    )


def _reported(said: str) -> RsgptError:
    """The error that came in place of an answer."""
    if read_complaint(200, said) is Complaint.TEXT_ONLY:
        return _text_only(said)
    return ServerError(translate("Rsgpt", "The model server reports: {said}").format(said=said))


def parse_models(body: bytes) -> list[ModelInfo]:
    """Read the list of `GET models`; entries without a name are left out."""
    listed = _object(body).get("data")
    entries = [_mapping(entry) for entry in listed] if isinstance(listed, list) else []
    named = [entry for entry in entries if entry.get("id")]
    return [_model(entry) for entry in named]


def _model(entry: Mapping[str, Any]) -> ModelInfo:
    told = {name: clean(str(entry.get(name) or "")) for name in ("weights_sha256", "fingerprint", "precision")}
    return ModelInfo(clean(str(entry["id"])), **told)


def parse_error(status: int, body: bytes) -> RsgptError:
    """Turn a reply of that HTTP status into the sentence to show."""
    said = error_words(body)
    complaint = read_complaint(status, said)
    if status == 407:
        return ServerError(
            translate(
                "Rsgpt",
                "The proxy did not accept its login. Enter the right one in QGIS under Settings ▸ Options ▸ Network.",
            )
        )
    if complaint is Complaint.KEY:
        return ServerError(
            translate("Rsgpt", "The model server did not accept the key. Enter the right one in the options of RSGPT.")
        )
    if complaint is Complaint.TEXT_ONLY:
        return _text_only(said)
    if 300 <= status < 400:
        return ServerError(
            translate("Rsgpt", "The model server points to another address, which is not followed. Enter that.")
        )
    if status == 404:
        return ModelError(
            translate("Rsgpt", "The model server does not know this model or address. {said}").format(said=said).strip()
        )
    return ServerError(
        translate("Rsgpt", "The model server refused the request (status {status}). {said}")
        .format(status=status, said=said)
        .strip(),
        status,
    )


def _text_only(said: str) -> ModelError:
    words = translate("Rsgpt", "{reads_text} The server says: {said}")
    return ModelError(words.format(reads_text=marked(_READS_TEXT), said=said))


def error_words(body: bytes) -> str:
    """What a server says in an error reply, in whichever of the usual shapes; empty where it says nothing."""
    try:
        return _message(_object(body))
    except ServerError:
        return ""


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        record = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ServerError(translate("Rsgpt", "The model server did not answer in JSON. Check its address.")) from error
    return _mapping(record)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else None


def _message(record: Mapping[str, Any]) -> str:
    error = record.get("error") or record
    said = next((error[name] for name in _WORDS if error.get(name)), "") if isinstance(error, dict) else error
    return clean(str(said))[:500]


def _answer(choice: Mapping[str, Any]) -> str:
    """The text of the answer, without the reasoning before it. ServerError where there is none."""
    message = _mapping(choice.get("message"))
    written = _content(message)
    answer = None if written is None else without_reasoning(written)
    is_cut = choice.get("finish_reason") == "length"
    has_reasoned = (written or "").strip() or message.get("reasoning_content") or message.get("reasoning")
    if (answer is None and written is not None) or (is_cut and has_reasoned and not (answer or "").strip()):
        raise ServerError(
            translate(
                "Rsgpt",
                "The model was still reasoning when its answer was cut off. Turn its reasoning off, or choose another "
                "model.",
            )
        )
    if answer is None:
        raise ServerError(translate("Rsgpt", "The model server sent no answer. Check that it serves a chat model."))
    return answer


def _content(message: Mapping[str, Any]) -> Optional[str]:
    """What the model wrote, be it a string or a list of parts."""
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


def _number(value: object, otherwise: float = math.nan) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return otherwise
    try:
        return float(value)
    except OverflowError:
        return otherwise


def _mean_probability(tokens: Sequence[ReplyToken]) -> float:
    known = [token.logprob for token in tokens if not math.isnan(token.logprob)]
    return math.exp(min(0.0, sum(known) / len(known))) if known else math.nan
