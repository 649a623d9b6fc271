"""Output of commands: results as JSON lines or plain text on stdout, everything else on stderr."""

from __future__ import annotations

import sys
from typing import Any

from rsgpt_plugin.shared.text import clean, escaped

from ..errors import RsgptError
from ..strict_json import json_text


class ResultPrinter:
    """Writes results and counts the failed ones."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self.failed = 0

    def result(self, data: dict[str, Any], text: str) -> None:
        """Print a finished item: `data` if JSON was requested, otherwise `text`."""
        self._line(escaped(json_text(data)) if self._as_json else clean(text))

    def failure(self, item: dict[str, Any], error: RsgptError) -> None:
        """Report an item that failed."""
        self.failed += 1
        if self._as_json:
            self._line(escaped(json_text({**item, "error": {"code": error.code, "message": str(error)}})))
        else:
            note(str(error))

    @property
    def exit_code(self) -> int:
        """0 if no item failed, otherwise 1."""
        return 1 if self.failed else 0

    def _line(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def note(text: str) -> None:
    """Print a line on stderr."""
    sys.stderr.write(clean(text) + "\n")
