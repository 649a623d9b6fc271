"""The server's log on stderr, which no client can fill. It knows no request."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable

import h11

_BURST = 50
_REFILL_S = 60.0  # one more message each


def set_up_logs() -> None:
    """Log warnings and errors of ours and of the libraries to stderr, within a limit."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RateLimit())
    logging.basicConfig(handlers=[handler], format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn.error").addFilter(_is_our_fault)


class RateLimit(logging.Filter):
    """Passes a burst of messages, then one a minute, which says how many were left out before it."""

    def __init__(self, burst: int = _BURST, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._burst = burst
        self._clock = clock
        self._left = float(burst)
        self._last = clock()
        self._dropped = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log the message; logging calls this with the handler locked or from one thread at a time."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._last) / _REFILL_S)
        self._last = now
        if self._left < 1:
            self._dropped += 1
            return False
        self._left -= 1
        if self._dropped:
            record.msg, record.args = f"({self._dropped} messages left out) {record.getMessage()}", ()
            self._dropped = 0
        return True


def _is_our_fault(record: logging.LogRecord) -> bool:
    """Whether to log it: a client that breaks HTTP is told so and may not fill the log as well."""
    error = record.exc_info[1] if record.exc_info else None
    return record.levelno > logging.WARNING and not isinstance(error, h11.LocalProtocolError)
