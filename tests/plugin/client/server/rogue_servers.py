"""Scripted servers that record the requests they receive."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any


@dataclass
class Rogue:
    """A script of replies, the last of which repeats, and the recorded requests."""

    acts: list[Callable[[BaseHTTPRequestHandler], None]]
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def act(self, handler: BaseHTTPRequestHandler) -> None:
        self.paths.append(handler.path)
        self.headers.append(dict(handler.headers))
        self.bodies.append(json.loads(handler.rfile.read(int(handler.headers.get("Content-Length", 0))) or b"{}"))
        self.acts[min(len(self.paths), len(self.acts)) - 1](handler)


def send(status: int, body: bytes = b"", length: int | None = None, **headers: str) -> Callable[..., None]:
    def act(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return act


def completion(text: str, model: str = "") -> bytes:
    """Return a minimal chat completion."""
    return json.dumps({"model": model, "choices": [{"message": {"role": "assistant", "content": text}}]}).encode()
