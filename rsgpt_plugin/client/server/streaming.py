"""Incremental parsing of a streamed reply. Does not import Qt."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from ...errors import ServerError
from ...shared.answers.reasoning import AnswerReader
from ...shared.i18n import translate
from ...shared.text import clean
from .protocol import Reply, parse_reply

_LINE_END = re.compile(rb"\r\n|\n|\r")


def streaming_request(body: bytes) -> bytes:
    """Return the request with streaming turned on."""
    return json.dumps({**json.loads(body), "stream": True}).encode("utf-8")


class StreamedReply:
    """Parses the body of one reply while it arrives, and passes each new piece of text to `on_text`.

    Skips comments, empty pieces and reasoning. Accepts a missing [DONE], and servers that ignore `stream`.
    """

    def __init__(self, on_text: Callable[[str], None]) -> None:
        self.is_over = False  # [DONE] has arrived; the connection may still be open
        self._on_text = on_text
        self._bytes_read = 0
        self._data = b""
        self._events = 0
        self._pieces: list[str] = []
        self._reader = AnswerReader()
        self._half = ""  # first half of a surrogate pair; the other half is in the next piece
        self._tokens: list[Any] = []
        self._extra_fields: dict[str, Any] = {}
        self._finish_reason = ""

    @property
    def has_begun(self) -> bool:
        """True if a piece of text has arrived."""
        return bool(self._pieces)

    def read(self, body: bytearray) -> None:
        """Parse the new part of `body`, which holds everything so far. Raises ServerError if the server reports one."""
        if self.is_over or body.lstrip()[:1] == b"{":  # not streamed: `reply` parses it at the end
            return
        end = max(body.rfind(b"\n"), body.rfind(b"\r")) + 1
        lines = _LINE_END.split(bytes(body[self._bytes_read : end]))
        self._bytes_read = max(self._bytes_read, end)
        for line in lines[:-1]:
            self._read_line(line)

    def reply(self, body: bytearray) -> Reply:
        """Return the answer from the complete `body`. Raises ServerError if the answer is missing or incomplete."""
        if not self._events or body.lstrip()[:1] == b"{":
            return self._in_one_piece(body)
        self.read(body + b"\n")
        if not (self.is_over or self._finish_reason):
            raise ServerError(
                translate(
                    "Rsgpt",
                    "The model server closed the connection in the middle of the answer. Ask the question again.",
                )
            )
        choice = {
            "message": {"content": "".join(self._pieces)},
            "logprobs": {"content": self._tokens},
            "finish_reason": self._finish_reason,
        }
        return parse_reply(json.dumps({**self._extra_fields, "choices": [choice]}).encode("utf-8"))

    def _in_one_piece(self, body: bytearray) -> Reply:
        self.read(body + b"\n")
        if self._events:  # a single event without a line end
            return self.reply(body)
        reply = parse_reply(bytes(body))
        self._on_text(reply.text)
        return reply

    def _read_line(self, line: bytes) -> None:
        """Parse one line. Some servers send no empty line after an event, so an event ends with its JSON object."""
        if not line:
            self._data = b""
        if self.is_over or not line.startswith(b"data:"):
            return
        self._data += line[5:].strip()
        if self._data == b"[DONE]":
            self.is_over = True
            return
        try:
            record = json.loads(self._data)
        except (ValueError, RecursionError):
            return
        self._data = b""
        if isinstance(record, dict):
            self._read_event(record)

    def _read_event(self, record: Mapping[str, Any]) -> None:
        self._events += 1
        if record.get("error"):
            parse_reply(json.dumps({"error": record["error"]}).encode("utf-8"))
        self._extra_fields.update({name: record[name] for name in ("model", "rsgpt") if record.get(name)})
        choices = record.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if isinstance(choice, dict):
            self._read_choice(choice)

    def _read_choice(self, choice: Mapping[str, Any]) -> None:
        self._finish_reason = str(choice.get("finish_reason") or self._finish_reason)
        scores = choice.get("logprobs")
        listed = scores.get("content") if isinstance(scores, dict) else None
        self._tokens += listed if isinstance(listed, list) else []
        delta = choice.get("delta") or choice.get("message")
        text = delta.get("content") if isinstance(delta, dict) else None
        if isinstance(text, str) and text:
            self._pieces.append(text)
            self._show(text)

    def _show(self, piece: str) -> None:
        """Pass the answer's part of `piece` to `on_text`, without marked reasoning."""
        text = self._half + piece
        self._half = text[-1] if "\ud800" <= text[-1] <= "\udbff" else ""
        shown = self._reader.read(clean(text[: len(text) - len(self._half)]))
        if shown:
            self._on_text(shown)
