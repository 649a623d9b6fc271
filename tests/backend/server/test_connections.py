"""Connections that send nothing, or too slowly, take nobody's place, whatever their number."""

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
    """So many connections, each of which sends `first` and no more."""
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", server.port))
            made.append(one)
        for one in made:
            with suppress(OSError):
                one.send(first)
        yield made


def is_closed(one: socket.socket) -> bool:
    """Whether the server has closed a connection."""
    try:
        return one.recv(65_536) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize("first", [b"", SLOW_HEAD, b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n"])
@pytest.mark.parametrize("files", [256, 1024])
def test_a_thousand_connections_without_the_key_hold_nobody_up(launch: Launch, files: int, first: bytes) -> None:
    server = launch()
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (files, files))
    with crowd(server, IDLE, first):
        for number in range(5):
            begin = time.monotonic()
            assert server.ask(number=number).text == f"picture {number}"
            assert time.monotonic() - begin < SOON_S
    code, _, log = server.finish()
    assert code == 0
    assert len(log) < 20_000


@pytest.mark.parametrize("first", [b"", SLOW_HEAD])
def test_a_connection_without_a_request_is_closed_after_a_few_seconds(served: RunningServer, first: bytes) -> None:
    with crowd(served, 3, first) as connections:
        end = time.monotonic() + limits.HEAD_S + 5
        while not all(map(is_closed, connections)):
            assert time.monotonic() < end
            time.sleep(0.1)


def test_a_head_that_comes_byte_by_byte_is_cut_off(served: RunningServer) -> None:
    with crowd(served, 1, SLOW_HEAD) as (connection,):
        begin = time.monotonic()
        while not is_closed(connection):
            assert time.monotonic() - begin < limits.HEAD_S + 5
            with suppress(OSError):
                connection.send(b"x")
            time.sleep(0.2)


def test_a_connection_that_has_shown_the_key_is_kept(launch: Launch) -> None:
    longer = limits.HEAD_S + 2
    server = launch("--script", json.dumps({"delays": {"slowly": longer}}))
    connection = server.connect()
    with crowd(server, IDLE):
        for prompt, pause in (("slowly", longer), ("soon", 0.0)):
            connection.request("POST", COMPLETIONS, encode(question(prompt)), server.headers())
            assert receive(connection).text == "picture 7"
            time.sleep(pause)
    connection.close()
