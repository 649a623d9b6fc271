"""The limit on the rate of messages in the log."""

from __future__ import annotations

import logging

from rsgpt_backend.server.server_log import RateLimit


def record(text: str) -> logging.LogRecord:
    """Return a warning."""
    return logging.LogRecord("x", logging.WARNING, "", 0, "%s", (text,), None)


def test_a_burst_passes_then_one_message_per_minute_with_the_number_of_dropped_ones() -> None:
    now = [0.0]
    limit = RateLimit(3, lambda: now[0])
    assert [limit.filter(record("a")) for _ in range(10)] == [True] * 3 + [False] * 7
    now[0] = 59.0
    assert not limit.filter(record("a"))
    now[0] = 60.5
    later = record("b")
    assert limit.filter(later)
    assert later.getMessage() == "(8 messages left out) b"
    assert not limit.filter(record("c"))
    now[0] = 3600.0
    assert [limit.filter(record("d")) for _ in range(5)] == [True] * 3 + [False] * 2
