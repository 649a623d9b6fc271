"""Requests directly below, at and above each limit."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

import pytest

from rsgpt_backend.server import limits
from tests.backend.server.harness import COMPLETIONS, RunningServer, encode, question


def padded(length: int) -> bytes:
    """Return a good request of exactly `length` bytes."""
    body = encode(question())
    return body + b" " * (length - len(body))


@pytest.mark.parametrize(("excess", "status"), [(-1, 200), (0, 200), (1, 413)])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_above_the_limit_is_refused(served: RunningServer, excess: int, status: int, chunked: bool) -> None:
    body = padded(limits.MAX_BODY_BYTES + excess)
    sent = iter([body[:1_000_000], body[1_000_000:]]) if chunked else body
    assert served.call("POST", COMPLETIONS, sent).status == status


@pytest.mark.parametrize(("excess", "status"), [(-1, 200), (0, 200), (1, 400)])
def test_a_prompt_above_the_limit_is_refused(served: RunningServer, excess: int, status: int) -> None:
    assert served.ask("\u6c34" * (limits.MAX_PROMPT_CHARS + excess)).status == status


@pytest.mark.parametrize(("tokens", "status"), [(0, 400), (1, 200), (511, 200), (512, 200), (513, 400)])
def test_a_token_limit_out_of_range_is_refused(served: RunningServer, tokens: int, status: int) -> None:
    assert served.ask(max_tokens=tokens).status == status
    assert served.ask(max_completion_tokens=tokens).status == status


@pytest.mark.parametrize(("top", "status"), [(-1, 400), (0, 200), (20, 200), (21, 400)])
def test_too_many_alternatives_are_refused(served: RunningServer, top: int, status: int) -> None:
    assert served.ask(logprobs=True, top_logprobs=top).status == status


def resident_kb(pid: int) -> int:
    """Return the resident memory of a process in kilobytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def test_an_endless_body_is_refused_at_the_limit(served: RunningServer) -> None:
    before = resident_kb(served.process.pid)
    head = "\r\n".join(f"{name}: {value}" for name, value in served.headers().items())
    start = f"POST {COMPLETIONS} HTTP/1.1\r\nhost: 127.0.0.1:{served.port}\r\n{head}\r\n"
    block = b"186a0\r\n" + b" " * 100_000 + b"\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", served.port), 10) as connection:
        connection.sendall(f"{start}transfer-encoding: chunked\r\n\r\n".encode())
        with suppress(ConnectionError):
            while sent < 1_000_000_000:
                connection.sendall(block)
                sent += len(block)
    # The kernel buffers of both sides hold data in addition to what the server has read.
    assert sent < limits.MAX_BODY_BYTES + 12_000_000
    assert resident_kb(served.process.pid) - before < 60_000
    assert served.ask(number=9).text == "picture 9"
