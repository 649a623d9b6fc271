"""The number of requests in flight per run, adapted to the speed of the server."""

from __future__ import annotations


class Allowance:
    """A limit from 1 to `maximum`: grows by one after each clean round, and halves when the server is too slow."""

    def __init__(self, start: int, maximum: int) -> None:
        self.allowed = min(start, maximum)
        self._maximum = maximum
        self._answers_in_round = 0
        self._ignored_failures = 0

    def answered(self) -> None:
        """Count an answer. A clean round is `allowed` answers in a row."""
        self._ignored_failures = 0
        self._answers_in_round += 1
        if self._answers_in_round >= self.allowed:
            self._answers_in_round = 0
            self.allowed = min(self.allowed + 1, self._maximum)

    def server_is_slow(self) -> None:
        """Count a timeout or a refusal. Failures of requests sent at the same time count as one event."""
        self._answers_in_round = 0
        if self._ignored_failures:
            self._ignored_failures -= 1
            return
        self._ignored_failures = self.allowed - 1
        self.allowed = max(1, self.allowed // 2)
