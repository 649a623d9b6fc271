"""The server's log on stderr, with a limit on the rate of messages."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable

import h11

_BURST = 50
_REFILL_S = 60.0  # seconds per further message


def set_up_logs() -> None:
    """Log warnings and errors of this project and its libraries to stderr, within the rate limit."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RateLimit())
    logging.basicConfig(handlers=[handler], format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn.error").addFilter(_is_our_fault)


class RateLimit(logging.Filter):
    """Passes a burst of messages, then one per minute, which says how many were left out before it."""

    def __init__(self, burst: int = _BURST, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._burst = burst
        self._clock = clock
        self._allowance = float(burst)
        self._last = clock()
        self._dropped = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log the message."""
        now = self._clock()
        self._allowance = min(self._burst, self._allowance + (now - self._last) / _REFILL_S)
        self._last = now
        if self._allowance < 1:
            self._dropped += 1
            return False
        self._allowance -= 1
        if self._dropped:
            record.msg, record.args = f"({self._dropped} messages left out) {record.getMessage()}", ()
            self._dropped = 0
        return True


def _is_our_fault(record: logging.LogRecord) -> bool:
    """Return whether to log it. A client that breaks HTTP gets an error reply, and must not fill the log too."""
    error = record.exc_info[1] if record.exc_info else None
    return record.levelno > logging.WARNING and not isinstance(error, h11.LocalProtocolError)
