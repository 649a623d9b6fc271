"""Open connections: how many there may be, and how long one may stay without a request. It reads no request.

A connection on which nobody has shown the key of this launch lasts a few seconds at most, and makes room first.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterable

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .limits import FEWEST_CONNECTIONS, FREE_DESCRIPTORS, HEAD_S, MAX_CONNECTIONS

if sys.platform != "win32":
    import resource

_numbers = itertools.count()


class Connection(H11Protocol):
    """One of uvicorn's connections that knows whether it is worth keeping. number: in the order of arrival."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take it in; where there are too many, the oldest without a key is closed."""
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn wants one that can be written to
        self.number = next(_numbers)
        self._in_order_at: float | None = None
        self._has_key = False
        is_open = [one for one in self.connections if isinstance(one, Connection) and not one.transport.is_closing()]
        if len(is_open) > most_connections():
            idle = [one for one in is_open if not one.is_asking] or [self]
            min(idle, key=lambda one: (one.has_key, one.number)).transport.abort()

    @property
    def has_key(self) -> bool:
        """Whether a request on it had the key."""
        self._has_key = self._has_key or bool(self.scope and self.scope.get("state", {}).get("has_key"))
        return self._has_key

    @property
    def is_asking(self) -> bool:
        """Whether a request with the key is being read or answered."""
        return self.has_key and self.cycle is not None and not self.cycle.response_complete

    def is_overdue(self, active_s: float) -> bool:
        """Whether it has owed a request's head, or the key, for too long. active_s: see ActiveTime."""
        is_between = self.conn.their_state is not h11.IDLE or not self.conn.trailing_data[0]
        if self._in_order_at is None or self.is_asking or (self.has_key and is_between):
            self._in_order_at = active_s
        return active_s - self._in_order_at > HEAD_S


def close_overdue(connections: Iterable[object], active_s: float) -> None:
    """Close those that are overdue; to be called about every second."""
    for one in list(connections):
        if isinstance(one, Connection) and one.is_overdue(active_s):
            one.transport.abort()


def most_connections() -> int:
    """As many as the process's limit of open files leaves room for."""
    if sys.platform == "win32":
        return MAX_CONNECTIONS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return min(MAX_CONNECTIONS, max(FEWEST_CONNECTIONS, soft - FREE_DESCRIPTORS))
