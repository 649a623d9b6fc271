"""Connections that send nothing, or too slowly, do not block other clients."""

from __future__ import annotations

import json
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from rsgpt_backend.server import limits
from tests.backend.server.conftest import Launch
from tests.backend.server.harness import COMPLETIONS, RunningServer, encode, question, receive

IDLE = 1000
SOON_S = 5.0
SLOW_HEAD = b"GET /v1/models HTTP/1.1\r\nx-slow: "


@contextmanager
def crowd(server: RunningServer, count: int, first: bytes = b"") -> Iterator[list[socket.socket]]:
    """Open connections, each of which sends `first` and nothing else."""
    with ExitStack() as stack:
        connections = []
        for _ in range(count):
            connection = stack.enter_context(socket.socket())
            connection.setblocking(False)
            connection.connect_ex(("127.0.0.1", server.port))
            connections.append(connection)
        for connection in connections:
            with suppress(OSError):
                connection.send(first)
        yield connections


def is_closed(connection: socket.socket) -> bool:
    """Return whether the server has closed a connection."""
    try:
        return connection.recv(65_536) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize("first", [b"", SLOW_HEAD, b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n"])
@pytest.mark.parametrize("files", [256, 1024])
def test_a_thousand_connections_without_the_key_do_not_delay_answers(launch: Launch, files: int, first: bytes) -> None:
    server = launch()
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (files, files))
    with crowd(server, IDLE, first):
        for number in range(5):
            start = time.monotonic()
            assert server.ask(number=number).text == f"picture {number}"
            assert time.monotonic() - start < SOON_S
    code, _, log = server.finish()
    assert code == 0
    assert len(log) < 20_000


@pytest.mark.parametrize("first", [b"", SLOW_HEAD])
def test_a_connection_without_a_request_is_closed_after_a_few_seconds(served: RunningServer, first: bytes) -> None:
    with crowd(served, 3, first) as connections:
        end = time.monotonic() + limits.HEAD_TIMEOUT_S + 5
        while not all(map(is_closed, connections)):
            assert time.monotonic() < end
            time.sleep(0.1)


def test_a_connection_with_a_slow_head_is_closed(served: RunningServer) -> None:
    with crowd(served, 1, SLOW_HEAD) as (connection,):
        start = time.monotonic()
        while not is_closed(connection):
            assert time.monotonic() - start < limits.HEAD_TIMEOUT_S + 5
            with suppress(OSError):
                connection.send(b"x")
            time.sleep(0.2)


def test_a_connection_that_has_sent_the_key_stays_open(launch: Launch) -> None:
    delay = limits.HEAD_TIMEOUT_S + 2
    server = launch("--script", json.dumps({"delays": {"slowly": delay}}))
    connection = server.connect()
    with crowd(server, IDLE):
        for prompt, pause in (("slowly", delay), ("soon", 0.0)):
            connection.request("POST", COMPLETIONS, encode(question(prompt)), server.headers())
            assert receive(connection).text == "picture 7"
            time.sleep(pause)
    connection.close()
