"""What a command prints: JSON lines or plain text on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from typing import Any

from ..errors import RsgptError


class Output:
    """Writes results; counts the failed ones."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self.failed = 0

    def result(self, data: dict[str, Any], text: str) -> None:
        """One finished item: the object where JSON was asked for, else the text."""
        self._line(json.dumps(data, ensure_ascii=False) if self._as_json else text)

    def failure(self, item: dict[str, Any], error: RsgptError) -> None:
        """One item that could not be done; the others go on."""
        self.failed += 1
        if self._as_json:
            self._line(json.dumps({**item, "error": {"code": error.code, "message": str(error)}}, ensure_ascii=False))
        else:
            note(str(error))

    @property
    def exit_code(self) -> int:
        """0 if all was done, 1 if some items failed."""
        return 1 if self.failed else 0

    def _line(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def note(text: str) -> None:
    """A line for the person who watches."""
    sys.stderr.write(text + "\n")
