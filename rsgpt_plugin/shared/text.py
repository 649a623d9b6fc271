"""Text that others wrote, made safe for files, columns, terminals and logs. It knows no format and no source.

Names, answers and error messages come from models, servers and layers. Control characters in them could end a column's
value, move a terminal's cursor, hide a line, or turn the reading direction of what follows.
"""

from __future__ import annotations

import re

# C0 without tab and line feed, DEL, C1, and the characters that override or isolate a direction
_REMOVED = "\x00-\x08\x0d-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069"
_BREAKS = "\x0b\x0c\x85\u2028\u2029"
_UNSAFE = re.compile(f"[{_REMOVED}{_BREAKS}]")


def clean(text: str) -> str:
    """The text without control characters; a line separator becomes a line feed, half a character becomes U+FFFD."""
    if text.isprintable():
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _UNSAFE.sub(lambda match: "\n" if match[0] in _BREAKS else "", whole)


def one_line(text: str) -> str:
    """The same on one line, each run of white space as one space."""
    return " ".join(clean(text).split())


def escaped(json_text: str) -> str:
    """JSON with each control character as an escape sequence: the value stays as it is, and a terminal is safe."""
    whole = json_text.encode("utf-8", "backslashreplace").decode("utf-8")
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", whole)
