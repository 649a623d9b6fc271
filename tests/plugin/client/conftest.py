"""Fixtures of the client tests: servers that misbehave."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rsgpt_plugin.client.server.server_quirks import forget_quirks

from .server.rogue_servers import Rogue


class TolerantServer(ThreadingHTTPServer):
    """A server that ignores connections closed by the client."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing."""


@pytest.fixture
def rogue() -> Iterator[Callable[..., Rogue]]:
    servers: list[ThreadingHTTPServer] = []

    def make(*acts: Callable[..., None]) -> Rogue:
        script = Rogue(list(acts))

        class ScriptedHandler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                script.act(self)

            do_GET = do_POST
            do_CONNECT = do_POST  # noqa: N815 - name set by http.server

            def log_message(self, *arguments: object) -> None:
                """Print nothing."""

        server = TolerantServer(("127.0.0.1", 0), ScriptedHandler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        script.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        return script

    yield make
    forget_quirks()
    for server in servers:
        server.shutdown()
        server.server_close()
