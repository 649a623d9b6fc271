"""Answers, streams, the model list, embeddings and the health report in OpenAI's JSON format."""

from __future__ import annotations

import base64
import json
import math
import secrets
import struct
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ...predictor import Answer, Embedding, Predictor, Token

PROTOCOL_VERSION = 1
MIN_LOGPROB = -9999.0

Body = dict[str, Any]


@dataclass(frozen=True)
class ReplyWriter:
    """Writes one completion. top_logprobs: alternatives per token, None for no log probabilities.

    created: seconds since 1970.
    """

    model: str
    weights_sha256: str
    fingerprint: str
    top_logprobs: int | None = None
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def reply(self, answer: Answer) -> Body:
        """Return the complete answer as one object."""
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": answer.text},
            "logprobs": self._logprobs(answer.tokens),
            "finish_reason": answer.finish_reason,
        }
        return {**self._head("chat.completion"), "choices": [choice], **self._tail(answer)}

    def token(self, token: Token, first: bool) -> Body:
        """Return one token as a chunk. first: whether to add the role."""
        delta = {"role": "assistant", "content": token.text} if first else {"content": token.text}
        return self._chunk(delta, self._logprobs((token,)), None)

    def end(self, answer: Answer) -> Body:
        """Return the chunk that ends a stream, with the usage, confidence and fingerprints."""
        return {**self._chunk({}, None, answer.finish_reason), **self._tail(answer)}

    def _chunk(self, delta: Body, logprobs: Body | None, finish_reason: str | None) -> Body:
        choice = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}

    def _head(self, kind: str) -> Body:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def _tail(self, answer: Answer) -> Body:
        completion_tokens = len(answer.tokens)
        usage = {
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": answer.prompt_tokens + completion_tokens,
        }
        extra = {
            "confidence": answer.confidence if math.isfinite(answer.confidence) else 0.0,
            "degenerate": answer.degenerate,
            "weights_sha256": self.weights_sha256,
            "fingerprint": self.fingerprint,
            **({"unusual": True} if answer.is_unusual else {}),
            **({"answered_by": answer.answered_by} if answer.answered_by else {}),
        }
        return {"usage": usage, "rsgpt": extra}

    def _logprobs(self, tokens: tuple[Token, ...]) -> Body | None:
        if self.top_logprobs is None:
            return None
        return {"content": [_token(token, self.top_logprobs) for token in tokens]}


def event(body: Body) -> str:
    """Return one server-sent event."""
    return f"data: {json.dumps(body, allow_nan=False, separators=(',', ':'))}\n\n"


END_OF_STREAM = "data: [DONE]\n\n"


def model_list(model: str, engine: Predictor, created: int) -> Body:
    """Return OpenAI's list of models, with the served model only. created: seconds since 1970."""
    entry = {
        "id": model,
        "object": "model",
        "created": created,
        "owned_by": "rsgpt",
        "weights_sha256": engine.weights_sha256,
        "fingerprint": engine.fingerprint,
        "precision": engine.precision,
        "protocol_version": PROTOCOL_VERSION,
        "capabilities": asdict(engine.capabilities),
    }
    return {"object": "list", "data": [entry]}


def identity_of(engine: Predictor) -> Body:
    """Return the hashes of a model."""
    return {"weights_sha256": engine.weights_sha256, "fingerprint": engine.fingerprint}


def embedding_list(model: str, identity: Body, embeddings: Sequence[Embedding], as_base64: bool) -> Body:
    """Return OpenAI's list of embeddings. as_base64: vectors as base64 of little-endian float32."""
    tokens = sum(embedding.tokens for embedding in embeddings)
    data = [
        {"object": "embedding", "index": index, "embedding": _vector(embedding.vector, as_base64)}
        for index, embedding in enumerate(embeddings)
    ]
    return {
        "object": "list",
        "data": data,
        "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        "rsgpt": identity,
    }


def _vector(vector: Sequence[float], as_base64: bool) -> list[float] | str:
    if not as_base64:
        return list(vector)
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")


def health(model: str, engine: Predictor | None) -> Body:
    """Return the reply to `GET /health`. engine: None while it is loading."""
    state = {"status": "ok" if engine else "loading", "protocol_version": PROTOCOL_VERSION, "model": model}
    return {**state, "fingerprint": engine.fingerprint if engine else ""}


def _token(token: Token, alternatives: int) -> Body:
    top = [_scored(text, logprob) for text, logprob in token.top[:alternatives]]
    return {**_scored(token.text, token.logprob), "top_logprobs": top}


def _scored(text: str, logprob: float) -> Body:
    # JSON has no infinity; OpenAI writes a probability of zero as -9999.
    value = max(logprob, MIN_LOGPROB) if math.isfinite(logprob) else MIN_LOGPROB
    return {"token": text, "logprob": value, "bytes": list(text.encode("utf-8", "replace"))}
