"""Which replies answer a task: those that its reader understands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..errors import ModelError
from .found_text import read_found
from .shown import read_shown

_READERS: Mapping[str, Callable[[str], object]] = {"find": read_found, "find_window": read_found, "show": read_shown}


def is_reply_to(task: str, text: str) -> bool:
    """Return whether a text is a reply to a task; any text is one to a question, whose task is ""."""
    try:
        _READERS.get(task, str)(text)
    except (ModelError, ValueError):
        return False
    return True
