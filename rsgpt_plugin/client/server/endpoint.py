"""Where a model server listens and with which key. Opens no connection."""

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
_UNFIT = re.compile(r"[\s\x00-\x1f\x7f\ud800-\udfff\\]")  # nowhere in an address
_LABEL = re.compile(r"[^\W_](?:[\w-]*[^\W_])?")
_ONE_AT_A_TIME = (11434, 1234)  # Ollama and LM Studio answer one request after the other


@dataclass(frozen=True)
class Endpoint:
    """The base address of an OpenAI-compatible server, ending in its version. The key never appears in a repr.

    auth: id of a configuration in QGIS's authentication database that signs requests, in place of a key.
    ours: whether this QGIS has started it, so that its connections can be used again.
    """

    url: str
    api_key: str = field(default="", repr=False)
    auth: str = ""
    ours: bool = False

    @property
    def origin(self) -> str:
        """`scheme://host:port`: what a person allows pictures to be sent to."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{parts.port or _PORTS.get(parts.scheme, 0)}"

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


def read_address(text: str, api_key: str = "", auth: str = "") -> Endpoint:
    """Make an endpoint of what a person types: with or without `/v1`, with or without a slash at the end."""
    parts = _parts(text.strip())
    if parts is None:
        raise ServerError(
            translate("Rsgpt", "“{text}” is no server address. Write one like http://127.0.0.1:8000/v1.").format(
                text=text
            )
        )
    if "@" in parts.netloc:
        raise ServerError(
            translate("Rsgpt", "Leave name and password out of the address. Choose them as the key instead.")
        )
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    if not any(_VERSION.fullmatch(part) for part in path.split("/")):
        path += "/v1"
    return Endpoint(urlunsplit((parts.scheme, parts.netloc, path, "", "")), api_key, auth)


def _parts(text: str) -> Optional[SplitResult]:
    """The parts of a well-formed HTTP address; None where it is none."""
    if _UNFIT.search(text):
        return None
    try:
        parts = urlsplit(text)
        fits = parts.scheme in _PORTS and parts.port != 0 and _is_host(parts.hostname or "")
    except ValueError:  # brackets without a pair, no IPv6 address between them, a port that is no number
        return None
    return parts if fits else None


def _is_host(host: str) -> bool:
    if ":" in host:
        return isinstance(ipaddress.ip_address(host), ipaddress.IPv6Address) and "%" not in host
    return all(_LABEL.fullmatch(label) for label in host.removesuffix(".").split("."))


class ServerConnection(Protocol):
    """What a gateway needs of a server: where it is, and what can be done when it falls silent."""

    @property
    def in_flight(self) -> int:
        """How many requests one run may have under way at most."""
        ...

    @property
    def in_flight_at_first(self) -> int:
        """With how many it begins."""
        ...

    def endpoint(self, is_cancelled: Callable[[], bool]) -> Endpoint:
        """Return where it listens, starting it if that is ours to do; may take minutes, Cancelled on cancel."""
        ...

    def can_restart(self, silent: bool) -> bool:
        """Whether it is ours and dead, or, where it has been silent for too long, ours at all."""
        ...

    def restart(self, failed: Endpoint, is_cancelled: Callable[[], bool]) -> Endpoint:
        """Start it again, unless it no longer listens at `failed` because somebody else did so before."""
        ...

    def log_tail(self) -> str:
        """Return the end of its log for an error sentence, or nothing."""
        ...


@dataclass(frozen=True)
class ForeignServer:
    """A server that somebody else runs: it can be asked, not started. Nothing is sent to a host before it is allowed.

    allowed: origins that may be sent pictures; this machine needs no permission.
    """

    at: Endpoint
    allowed: tuple[str, ...] = ()
    in_flight_at_first = 2

    @property
    def in_flight(self) -> int:
        if urlsplit(self.at.url).port in _ONE_AT_A_TIME:
            return 1
        # Qt opens at most six connections to one host; a seventh would wait unseen, and count as unanswered.
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
