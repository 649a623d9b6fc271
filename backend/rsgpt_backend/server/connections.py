"""Limits on the number of open connections, and on their time without a request.

A connection that has not sent the key of this launch is closed after a few seconds, or earlier if there are too many.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterable

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .limits import FREE_DESCRIPTORS, HEAD_TIMEOUT_S, MAX_CONNECTIONS, MIN_CONNECTIONS

if sys.platform != "win32":
    import resource

_numbers = itertools.count()


class Connection(H11Protocol):
    """A connection of uvicorn that records whether a request sent the key. number: order of arrival."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register the connection. If there are too many, close the oldest one without the key."""
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn declares a writable transport
        self.number = next(_numbers)
        self._in_order_at: float | None = None
        self._has_key = False
        open_ones = [
            other for other in self.connections if isinstance(other, Connection) and not other.transport.is_closing()
        ]
        if len(open_ones) > max_connections():
            idle = [other for other in open_ones if not other.is_busy] or [self]
            min(idle, key=lambda other: (other.has_key, other.number)).transport.abort()

    @property
    def has_key(self) -> bool:
        """Whether a request on this connection had the key."""
        self._has_key = self._has_key or bool(self.scope and self.scope.get("state", {}).get("has_key"))
        return self._has_key

    @property
    def is_busy(self) -> bool:
        """Whether a request with the key is being read or answered."""
        return self.has_key and self.cycle is not None and not self.cycle.response_complete

    def is_overdue(self, active_s: float) -> bool:
        """Return whether a request's head, or the key, is overdue. active_s: see ActiveTime."""
        is_between = self.conn.their_state is not h11.IDLE or not self.conn.trailing_data[0]
        if self._in_order_at is None or self.is_busy or (self.has_key and is_between):
            self._in_order_at = active_s
        return active_s - self._in_order_at > HEAD_TIMEOUT_S


def close_overdue(connections: Iterable[object], active_s: float) -> None:
    """Close the overdue connections. Call this about once per second."""
    for connection in list(connections):
        if isinstance(connection, Connection) and connection.is_overdue(active_s):
            connection.transport.abort()


def max_connections() -> int:
    """Return the maximum number of connections within the process's limit of open files."""
    if sys.platform == "win32":
        return MAX_CONNECTIONS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return min(MAX_CONNECTIONS, max(MIN_CONNECTIONS, soft - FREE_DESCRIPTORS))
