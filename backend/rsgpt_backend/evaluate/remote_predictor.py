"""A model behind an OpenAI-compatible server, asked as the engine is. It knows no metric.

Where a server sends no log probabilities, confidences are 0.
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
from typing import Any
from urllib.parse import urlsplit

from rsgpt_plugin.shared.answers.reasoning import answer_token_index, without_reasoning
from rsgpt_plugin.shared.text import clean

from ..engine.confidence import confidence
from ..errors import EngineError, UsageError
from ..predictor import Answer, Ask, FinishReason, Token
from ..strict_json import parse_json

_AT_ONCE = 4
_MOST_TOKENS = 256  # of an answer; some servers write on without a limit
_TRIES = 6
_BUSY = (429, 503)
_PAUSE = 2.0  # seconds, where a busy server names no time
_LONGEST_PAUSE = 30.0
_TIMEOUT = 300.0  # seconds; a large model on a small machine takes long


class RemoteEngine:
    """Answers asks through POST /v1/chat/completions. url: the server's address, with or without /v1."""

    weights_sha256 = ""
    caption_prompt = "Describe this image."

    def __init__(self, url: str, model: str, api_key: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url!r} is no address of a server. Give one such as http://127.0.0.1:8080/v1.")
        self._connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._address = parts.netloc.rpartition("@")[2]
        path = parts.path.rstrip("/").removesuffix("/chat/completions").removesuffix("/v1")
        self._path = f"{path}/v1/chat/completions"
        self._headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        self.name = model

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """Whole answers, in the order of the asks; EngineError where the server gives none."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(self._answer, asks))

    def _answer(self, ask: Ask) -> Answer:
        body = json.dumps(_body(ask, self.name))
        for left in reversed(range(_TRIES)):
            status, data, pause = self._post(body)
            if status not in _BUSY or not left:
                break
            time.sleep(min(pause, _LONGEST_PAUSE))
        if status != http.HTTPStatus.OK:
            raise EngineError(
                f"{self._address} answered {status}: {data[:200]!r}. Check address, model and RSGPT_API_KEY."
            )
        try:
            return _read(parse_json(data))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise EngineError(f"{self._address} sent no chat completion. Check that it speaks OpenAI's API.") from error

    def _post(self, body: str) -> tuple[int, bytes, float]:
        """Status, body, and the seconds to wait where it is busy."""
        connection = self._connect(self._address, timeout=_TIMEOUT)
        try:
            connection.request("POST", self._path, body, self._headers)
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
    structure = {"json": {"type": "integer"}} if ask.is_number else {"choice": list(ask.choices)} if ask.choices else {}
    chosen = {"structured_outputs": structure} if structure else {}
    return {
        **chosen,
        "model": model,
        "messages": [{"role": "user", "content": content}],
        "max_tokens": ask.max_new_tokens or _MOST_TOKENS,
        "temperature": ask.temperature,
        "seed": ask.seed,
        "logprobs": True,
        "top_logprobs": 20,
    }


def _read(reply: dict[str, Any]) -> Answer:
    choice = reply["choices"][0]
    text = (without_reasoning(clean(choice["message"]["content"] or "")) or "").strip()
    told = (choice.get("logprobs") or {}).get("content") or []
    told = told[answer_token_index([str(one["token"]) for one in told], text) :]
    tokens = tuple(Token(str(one["token"]), _logprob(one)) for one in told)
    tops = told[0].get("top_logprobs", []) if told else []
    openings = [(str(one["token"]), _logprob(one)) for one in tops]
    reason: FinishReason = "length" if choice.get("finish_reason") == "length" else "stop"
    used = reply.get("usage") or {}
    return Answer(text, tokens, confidence(tokens, openings), reason, not text, int(used.get("prompt_tokens", 0)))


def _logprob(token: dict[str, Any]) -> float:
    """Of a token. ValueError where it is NaN or infinite; more than nought is rounding."""
    logprob = float(token["logprob"])
    if not math.isfinite(logprob):
        raise ValueError("a log probability is no number")
    return min(logprob, 0.0)
