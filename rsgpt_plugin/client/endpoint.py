"""Where a model server listens and with which key. Opens no connection."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from ..errors import ServerError


@dataclass(frozen=True)
class Endpoint:
    """The base address of an OpenAI-compatible server, ending in `/v1`. The key never appears in a repr."""

    url: str
    api_key: str = field(default="", repr=False)

    @property
    def is_loopback(self) -> bool:
        """Whether requests stay on this machine."""
        host = urlsplit(self.url).hostname or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def address(self, route: str) -> str:
        """Return the full address of a route such as `chat/completions`."""
        return f"{self.url}/{route}"


def read_address(text: str, api_key: str = "") -> Endpoint:
    """Make an endpoint of what a person types: with or without `/v1`, with or without a slash at the end."""
    parts = urlsplit(text.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ServerError(f"“{text}” is no server address. Write one like http://127.0.0.1:8000/v1.")
    path = parts.path.rstrip("/")
    if not path.endswith("/v1"):
        path += "/v1"
    return Endpoint(urlunsplit((parts.scheme, parts.netloc, path, "", "")), api_key)


class Server(Protocol):
    """What a gateway needs of a server: where it is, and what can be done when it falls silent."""

    in_flight: int

    def endpoint(self, is_cancelled: Callable[[], bool]) -> Endpoint:
        """Return where it listens, starting it if that is ours to do; may take minutes, Cancelled on cancel."""
        ...

    def can_restart(self, silent: bool) -> bool:
        """Whether it is ours and dead, or, where it has been silent for too long, ours at all."""
        ...

    def restart(self, failed: Endpoint, is_cancelled: Callable[[], bool]) -> Endpoint:
        """Start it again, unless it no longer listens at `failed` because somebody else did so before."""
        ...

    def last_words(self) -> str:
        """Return the end of its log for an error sentence, or nothing."""
        ...


@dataclass(frozen=True)
class ForeignServer:
    """A server that somebody else runs: it can be asked, not started."""

    at: Endpoint
    in_flight: int = 2

    def endpoint(self, is_cancelled: Callable[[], bool]) -> Endpoint:
        return self.at

    def can_restart(self, silent: bool) -> bool:
        return False

    def restart(self, failed: Endpoint, is_cancelled: Callable[[], bool]) -> Endpoint:
        return self.at

    def last_words(self) -> str:
        return ""
