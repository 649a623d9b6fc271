"""A real server process with the fake engine, and requests to it."""

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
EMBEDDINGS = "/v1/embeddings"
PATIENCE_S = 20


@dataclass(frozen=True)
class Response:
    """A response. headers: names in lower case."""

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
        """The text of the answer."""
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
        self.read_announcement()

    def read_announcement(self) -> None:
        """Read the first line, with the URL and the key."""
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline().decode()
        if not self.first_line:
            raise RuntimeError(f"no first line: {self.finish()}")
        self.announcement = json.loads(self.first_line)
        self.key = str(self.announcement["api_key"])
        self.port = int(self.announcement["url"].rsplit(":", 1)[1].removesuffix("/v1"))

    def headers(self, **more: str) -> dict[str, str]:
        """Return the headers of a good request. more: with underscores instead of hyphens."""
        good = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        return {**good, **{name.replace("_", "-"): value for name, value in more.items()}}

    def connect(self) -> http.client.HTTPConnection:
        """Return a new connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Response:
        """Send a request on a new connection, by default with good headers."""
        connection = self.connect()
        try:
            # After a refusal the server closes the connection in the middle of a long body.
            with suppress(ConnectionError):
                connection.request(method, path, body, self.headers() if headers is None else headers)
            return receive(connection)
        finally:
            connection.close()

    def ask(self, prompt: str = "What is this?", number: int = 7, **fields: Any) -> Response:
        """Ask about a picture that carries a number."""
        return self.call("POST", COMPLETIONS, encode(question(prompt, number, **fields)))

    def raw(self, request: bytes) -> bytes:
        """Send bytes, and return the response until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as connection:
            parts: list[bytes] = []
            with suppress(ConnectionError):  # the server may close the connection without reading the whole request
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                parts.extend(iter(lambda: connection.recv(65_536), b""))
            return b"".join(parts)

    def finish(self, timeout_s: float = PATIENCE_S) -> tuple[int, str, str]:
        """Close stdin and wait. Return the exit code, the rest of stdout, and stderr."""
        try:
            out, err = self.process.communicate(timeout=timeout_s)
        finally:
            self.process.kill()
        return self.process.returncode, out.decode(), err.decode()


def receive(connection: http.client.HTTPConnection) -> Response:
    """Return the response that a connection waits for."""
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Response(response.status, headers, response.read())


def png(number: int = 7, size: tuple[int, int] = (8, 8)) -> bytes:
    """Return a PNG whose color is a number."""
    buffer = BytesIO()
    Image.new("RGB", size, (number >> 16, number >> 8 & 255, number & 255)).save(buffer, "PNG")
    return buffer.getvalue()


def data_uri(data: bytes, kind: str = "png") -> str:
    """Return an encoded picture as a data URI."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def question(prompt: str = "What is this?", number: int = 7, **fields: Any) -> dict[str, Any]:
    """Return a good request. fields: additions and replacements."""
    parts = [{"type": "image_url", "image_url": {"url": data_uri(png(number))}}, {"type": "text", "text": prompt}]
    return {"model": "rsgpt-small", "messages": [{"role": "user", "content": parts}], **fields}


def with_url(url: Any, **fields: Any) -> dict[str, Any]:
    """Return a good request with another picture."""
    request = question(**fields)
    request["messages"][0]["content"][0]["image_url"]["url"] = url
    return request


def encode(record: object) -> bytes:
    """Return the body of a request."""
    return json.dumps(record).encode()
