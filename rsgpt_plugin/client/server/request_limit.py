"""How many requests one run may have under way, by what the server makes of them. Knows no requests."""

from __future__ import annotations


class Allowance:
    """Begins with `start`, adds one after each clean round, halves when the server falls behind; 1 to `most`."""

    def __init__(self, start: int, most: int) -> None:
        self.allowed = min(start, most)
        self._most = most
        self._clean = 0
        self._forgiven = 0

    def answered(self) -> None:
        """An answer came. A round is as many of them as are allowed at once."""
        self._forgiven = 0
        self._clean += 1
        if self._clean >= self.allowed:
            self._clean = 0
            self.allowed = min(self.allowed + 1, self._most)

    def fell_behind(self) -> None:
        """A request ran out of time or was turned away. Those sent along with it count as the same event."""
        self._clean = 0
        if self._forgiven:
            self._forgiven -= 1
            return
        self._forgiven = self.allowed - 1
        self.allowed = max(1, self.allowed // 2)
