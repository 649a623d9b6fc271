"""A model on an OpenAI-compatible server, with the interface of the engine.

If the server sends no log probabilities, confidences are 0.
"""

from __future__ import annotations

import base64
import http.client
import io
import json
import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from rsgpt_plugin.shared.answers.reasoning import answer_token_index, without_reasoning
from rsgpt_plugin.shared.text import clean

from ..engine.confidence import confidence
from ..errors import EngineError, UsageError
from ..predictor import Answer, Ask, FinishReason, Token
from ..strict_json import parse_json

_PARALLEL_REQUESTS = 4
_MAX_TOKENS = 256  # per answer; some servers do not stop without a limit
_TRIES = 6
_BUSY = (429, 503)
_PAUSE = 2.0  # seconds, if a busy server sends no Retry-After
_MAX_PAUSE = 30.0
_TIMEOUT = 300.0  # seconds; large models on small machines are slow


class RemoteEngine:
    """Answers prompts with POST /v1/chat/completions. url: address of the server, with or without /v1."""

    weights_sha256 = ""
    caption_prompt = "Describe this image."

    def __init__(self, url: str, model: str, api_key: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url!r} is not a server address. Give one such as http://127.0.0.1:8080/v1.")
        self._connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._address = parts.netloc.rpartition("@")[2]
        path = parts.path.rstrip("/").removesuffix("/chat/completions").removesuffix("/v1")
        self._root = f"{path}/v1"
        self._headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        self.name = model

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """Return the answers in the order of the asks. Raises EngineError if the server does not answer."""
        if any(ask.gsd_m for ask in asks) and not self._reads_gsd:
            asks = [replace(ask, gsd_m=None) for ask in asks]
        with ThreadPoolExecutor(_PARALLEL_REQUESTS) as pool:
            return list(pool.map(self._answer, asks))

    def _answer(self, ask: Ask) -> Answer:
        status, data = self._request("POST", "/chat/completions", json.dumps(_body(ask, self.name)))
        if status != http.HTTPStatus.OK:
            raise EngineError(
                f"{self._address} answered {status}: {data[:200]!r}. Check the address, the model, and RSGPT_API_KEY."
            )
        try:
            return _read(parse_json(data))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise EngineError(
                f"{self._address} sent no chat completion. Check that it is OpenAI-compatible."
            ) from error

    @cached_property
    def _reads_gsd(self) -> bool:
        """Whether the server accepts the ground resolution of a picture; others may refuse the field."""
        status, data = self._request("GET", "/models")
        try:
            models = parse_json(data)["data"] if status == http.HTTPStatus.OK else []
            return any(model["id"] == self.name and model["capabilities"]["gsd"] is True for model in models)
        except (ValueError, LookupError, TypeError):  # servers of other programs list no capabilities
            return False

    def _request(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        """Return the status and the body; wait for a busy server."""
        for left in reversed(range(_TRIES)):
            status, data, pause = self._request_once(method, path, body)
            if status not in _BUSY or not left:
                break
            time.sleep(min(pause, _MAX_PAUSE))
        return status, data

    def _request_once(self, method: str, path: str, body: str | None) -> tuple[int, bytes, float]:
        """Return the status, the body, and the seconds to wait if the server is busy."""
        connection = self._connect(self._address, timeout=_TIMEOUT)
        try:
            connection.request(method, self._root + path, body, self._headers)
            reply = connection.getresponse()
            pause = reply.headers.get("Retry-After", "")
            return reply.status, reply.read(), float(pause) if pause.isdigit() else _PAUSE
        except (OSError, http.client.HTTPException) as error:
            raise EngineError(
                f"{self._address} cannot be reached: {error}. Start the server, then try again."
            ) from error
        finally:
            connection.close()


def _body(ask: Ask, model: str) -> dict[str, Any]:
    data = io.BytesIO()
    ask.image.save(data, "PNG")
    url = f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode('ascii')}"
    content = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": ask.prompt}]
    structure = (
        {"json": {"type": "integer"}} if ask.is_whole_number else {"choice": list(ask.choices)} if ask.choices else {}
    )
    extra: dict[str, Any] = {"structured_outputs": structure} if structure else {}
    if ask.gsd_m:
        extra["gsd_m"] = ask.gsd_m
    return {
        **extra,
        "model": model,
        "messages": [{"role": "user", "content": content}],
        "max_tokens": ask.max_new_tokens or _MAX_TOKENS,
        "temperature": ask.temperature,
        "seed": ask.seed,
        "logprobs": True,
        "top_logprobs": 20,
    }


def _read(reply: dict[str, Any]) -> Answer:
    choice = reply["choices"][0]
    text = (without_reasoning(clean(choice["message"]["content"] or "")) or "").strip()
    content = (choice.get("logprobs") or {}).get("content") or []
    content = content[answer_token_index([str(token["token"]) for token in content], text) :]
    tokens = tuple(Token(str(token["token"]), _logprob(token)) for token in content)
    alternatives = content[0].get("top_logprobs", []) if content else []
    openings = [(str(token["token"]), _logprob(token)) for token in alternatives]
    reason: FinishReason = "length" if choice.get("finish_reason") == "length" else "stop"
    usage = reply.get("usage") or {}
    return Answer(text, tokens, confidence(tokens, openings), reason, not text, int(usage.get("prompt_tokens", 0)))


def _logprob(token: dict[str, Any]) -> float:
    """Return the log probability of a token, at most 0. Raises ValueError if it is NaN or infinite."""
    logprob = float(token["logprob"])
    if not math.isfinite(logprob):
        raise ValueError("a log probability is not a finite number")
    return min(logprob, 0.0)
