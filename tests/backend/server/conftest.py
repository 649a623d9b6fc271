"""Servers for tests: a shared one, and separate ones with other options."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.backend.server.harness import RunningServer

Launch = Callable[..., RunningServer]


@pytest.fixture(scope="session")
def served() -> Iterator[RunningServer]:
    """A shared server that answers at once. Its log must be empty at the end."""
    server = RunningServer()
    yield server
    code, out, err = server.finish()
    assert (code, out, err) == (0, "", "")


@pytest.fixture
def launch() -> Iterator[Launch]:
    """Start servers with options of `serve_fake.py`. They end with the test."""
    servers: list[RunningServer] = []

    def start(*arguments: str) -> RunningServer:
        servers.append(RunningServer(*arguments))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.returncode is None:
            server.process.kill()
            server.process.communicate()
