"""A real server process with the fake engine, and plain sockets to talk to it. It knows no pytest."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

FAKE = Path(__file__).resolve().parents[2] / "fakes" / "serve_fake.py"
COMPLETIONS = "/v1/chat/completions"
PATIENCE_S = 20


@dataclass(frozen=True)
class Response:
    """What came back. headers: names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def record(self) -> dict[str, Any]:
        """The body as a JSON object."""
        record: dict[str, Any] = json.loads(self.body)
        return record

    @property
    def text(self) -> str:
        """The answer's text."""
        return str(self.record["choices"][0]["message"]["content"])

    @property
    def error(self) -> dict[str, Any]:
        """The error object; its shape is checked."""
        error: dict[str, Any] = self.record["error"]
        assert set(error) == {"message", "type", "code", "param"}
        assert str(error["message"]).endswith(".")
        return error


class RunningServer:
    """A server process that has printed its first line."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, str(FAKE), "--exit-with-stdin", *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.greet()

    def greet(self) -> None:
        """Take the first line: where it listens, and with which key."""
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline().decode()
        if not self.first_line:
            raise RuntimeError(f"no first line: {self.finish()}")
        self.said = json.loads(self.first_line)
        self.key = str(self.said["api_key"])
        self.port = int(self.said["url"].rsplit(":", 1)[1].removesuffix("/v1"))

    def headers(self, **more: str) -> dict[str, str]:
        """The headers of a good request; more: with underscores for hyphens."""
        good = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        return {**good, **{name.replace("_", "-"): value for name, value in more.items()}}

    def connect(self) -> http.client.HTTPConnection:
        """A connection of its own."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Response:
        """One request on a connection of its own; good headers unless others are given."""
        connection = self.connect()
        try:
            # A server that has refused hangs up in the middle of a long body.
            with suppress(ConnectionError):
                connection.request(method, path, body, self.headers() if headers is None else headers)
            return receive(connection)
        finally:
            connection.close()

    def ask(self, prompt: str = "What is this?", number: int = 7, **fields: Any) -> Response:
        """Ask about a picture that carries a number."""
        return self.call("POST", COMPLETIONS, encode(question(prompt, number, **fields)))

    def raw(self, request: bytes) -> bytes:
        """Send bytes and return all that comes back until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as connection:
            parts: list[bytes] = []
            with suppress(ConnectionError):  # it hangs up on what it has not read to the end
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                parts.extend(iter(lambda: connection.recv(65_536), b""))
            return b"".join(parts)

    def finish(self, timeout_s: float = PATIENCE_S) -> tuple[int, str, str]:
        """Close stdin and wait: the exit code, the rest of stdout, and stderr."""
        try:
            out, err = self.process.communicate(timeout=timeout_s)
        finally:
            self.process.kill()
        return self.process.returncode, out.decode(), err.decode()


def receive(connection: http.client.HTTPConnection) -> Response:
    """The response that a connection waits for."""
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Response(response.status, headers, response.read())


def png(number: int = 7, size: tuple[int, int] = (8, 8)) -> bytes:
    """A PNG whose every pixel carries a number."""
    buffer = BytesIO()
    Image.new("RGB", size, (number >> 16, number >> 8 & 255, number & 255)).save(buffer, "PNG")
    return buffer.getvalue()


def data_uri(data: bytes, kind: str = "png") -> str:
    """A picture as a data URI."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def question(prompt: str = "What is this?", number: int = 7, **fields: Any) -> dict[str, Any]:
    """A good request; a field may replace one of its own."""
    parts = [{"type": "image_url", "image_url": {"url": data_uri(png(number))}}, {"type": "text", "text": prompt}]
    return {"model": "rsgpt-small", "messages": [{"role": "user", "content": parts}], **fields}


def with_url(url: Any, **fields: Any) -> dict[str, Any]:
    """A good request with another picture."""
    asked = question(**fields)
    asked["messages"][0]["content"][0]["image_url"]["url"] = url
    return asked


def encode(record: object) -> bytes:
    """A request's body."""
    return json.dumps(record).encode()
