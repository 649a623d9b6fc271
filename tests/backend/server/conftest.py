"""Servers to test against: one that all tests share, and one of its own for a test that needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.backend.server.harness import RunningServer

Launch = Callable[..., RunningServer]


@pytest.fixture(scope="session")
def served() -> Iterator[RunningServer]:
    """A server that answers at once; nothing may disturb it, so its log must end empty."""
    server = RunningServer()
    yield server
    code, out, err = server.finish()
    assert (code, out, err) == (0, "", "")


@pytest.fixture
def launch() -> Iterator[Launch]:
    """Starts servers with options of `serve_fake.py`; they end with the test."""
    servers: list[RunningServer] = []

    def start(*arguments: str) -> RunningServer:
        servers.append(RunningServer(*arguments))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.returncode is None:
            server.process.kill()
            server.process.communicate()
