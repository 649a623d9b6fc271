"""Addresses and keys of model servers, and the permission to send pictures to them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Optional, Protocol
from urllib.parse import SplitResult, urlsplit, urlunsplit

from ...errors import ServerError
from ...shared.i18n import translate

_PORTS = {"http": 80, "https": 443}
_VERSION = re.compile(r"v\d\w*")
_FORBIDDEN = re.compile(r"[\s\x00-\x1f\x7f\ud800-\udfff\\]")  # characters that no address may contain
_LABEL = re.compile(r"[^\W_](?:[\w-]*[^\W_])?")
_SEQUENTIAL_PORTS = (11434, 1234)  # Ollama and LM Studio process requests one after the other


@dataclass(frozen=True)
class Endpoint:
    """The base address of an OpenAI-compatible server, ending in the API version. The key never appears in a repr.

    auth: id of a configuration in QGIS's authentication database, used instead of a key.
    is_local: True for the local server of this QGIS, whose connections can be reused.
    """

    url: str
    api_key: str = field(default="", repr=False)
    auth: str = ""
    is_local: bool = False

    @property
    def origin(self) -> str:
        """`scheme://host:port`, the unit of the permission to send pictures."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{parts.port or _PORTS.get(parts.scheme, 0)}"

    @property
    def is_loopback(self) -> bool:
        """True if requests stay on this machine."""
        host = urlsplit(self.url).hostname or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def address(self, route: str) -> str:
        """Return the URL of a route such as `chat/completions`."""
        return f"{self.url}/{route}"


def read_address(text: str, api_key: str = "", auth: str = "") -> Endpoint:
    """Parse an address as users type it, with or without `/v1` and a trailing slash. Raises ServerError."""
    parts = _parts(text.strip())
    if parts is None:
        raise ServerError(
            translate(
                "Rsgpt", "“{text}” is not a server address. Enter an address such as http://127.0.0.1:8000/v1."
            ).format(text=text)
        )
    if "@" in parts.netloc:
        raise ServerError(
            translate("Rsgpt", "Remove the name and password from the address. Choose them as the key instead.")
        )
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    if not any(_VERSION.fullmatch(part) for part in path.split("/")):
        path += "/v1"
    return Endpoint(urlunsplit((parts.scheme, parts.netloc, path, "", "")), api_key, auth)


def _parts(text: str) -> Optional[SplitResult]:
    """Return the parts of an HTTP address, or None if it is malformed."""
    if _FORBIDDEN.search(text):
        return None
    try:
        parts = urlsplit(text)
        fits = parts.scheme in _PORTS and parts.port != 0 and _is_host(parts.hostname or "")
    except ValueError:  # unpaired brackets, an invalid IPv6 address or an invalid port
        return None
    return parts if fits else None


def _is_host(host: str) -> bool:
    if ":" in host:
        return isinstance(ipaddress.ip_address(host), ipaddress.IPv6Address) and "%" not in host
    return all(_LABEL.fullmatch(label) for label in host.removesuffix(".").split("."))


class ServerConnection(Protocol):
    """A server as the gateway sees it: its address, its limits and how to restart it."""

    @property
    def in_flight(self) -> int:
        """Maximum number of requests in flight per run."""
        ...

    @property
    def initial_in_flight(self) -> int:
        """Number of requests in flight at the start of a run."""
        ...

    def endpoint(self, is_cancelled: Callable[[], bool]) -> Endpoint:
        """Return the endpoint, after starting a local server. May take minutes. Raises Cancelled on cancel."""
        ...

    def can_restart(self, silent: bool) -> bool:
        """Return whether a restart can help: the server is local and has died, is ending or, if `silent`, stalled."""
        ...

    def restart(self, failed: Endpoint, is_cancelled: Callable[[], bool]) -> Endpoint:
        """Restart the server unless another caller already did, so that it no longer listens at `failed`."""
        ...

    def log_tail(self) -> str:
        """Return the end of the server's log for an error message, or ""."""
        ...


@dataclass(frozen=True)
class ForeignServer:
    """An external server. It cannot be restarted, and nothing is sent to a host before the user allows it.

    allowed: origins that may receive pictures; this machine needs no permission.
    """

    at: Endpoint
    allowed: tuple[str, ...] = ()
    initial_in_flight = 2

    @property
    def in_flight(self) -> int:
        if urlsplit(self.at.url).port in _SEQUENTIAL_PORTS:
            return 1
        # Qt opens at most six connections per host. A seventh request would wait in Qt and run into a timeout.
        return 8 if self.at.is_loopback else 6

    def endpoint(self, is_cancelled: Callable[[], bool]) -> Endpoint:
        if not self.at.is_loopback and self.at.origin not in self.allowed:
            raise ServerError(
                translate(
                    "Rsgpt",
                    "Pictures would leave this machine for {origin}, which has not been allowed yet. "
                    "Allow this host in the options of RSGPT, under the model server, or choose "
                    "another way to run the model.",
                ).format(origin=self.at.origin)
            )
        return self.at

    def can_restart(self, silent: bool) -> bool:
        return False

    def restart(self, failed: Endpoint, is_cancelled: Callable[[], bool]) -> Endpoint:
        return self.at

    def log_tail(self) -> str:
        return ""
