"""Cleaning of untrusted text for files, columns, terminals and logs, and the text of shares.

Names, answers and error messages come from models, servers and layers. Their control characters could end a column's
value, move a terminal's cursor, hide a line, or reverse the reading direction of the text that follows.
"""

from __future__ import annotations

import re

# C0 without tab and line feed, DEL, C1, and the characters that override or isolate the reading direction
_REMOVED = "\x00-\x08\x0d-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069"
_BREAKS = "\x0b\x0c\x85\u2028\u2029"
_UNSAFE = re.compile(f"[{_REMOVED}{_BREAKS}]")


def clean(text: str) -> str:
    """Return `text` without control characters; line separators become line feeds, lone surrogates become U+FFFD."""
    if text.isprintable():
        return text
    valid = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _UNSAFE.sub(lambda match: "\n" if match[0] in _BREAKS else "", valid)


def one_line(text: str) -> str:
    """Return the cleaned text on one line, with each run of white space as one space."""
    return " ".join(clean(text).split())


def sentence(text: str) -> str:
    """Return a reason as a sentence, with a capital and a full stop; “。” is the Chinese one. "" stays empty."""
    capital = text[:1].upper() + text[1:]
    return capital if not capital or capital.endswith((".", "。")) else capital + "."


def percent(share: float) -> str:
    """Return a share, 0 to 1, as text, for example “73 %”."""
    return f"{100 * share:.0f} %"


def escaped(json_text: str) -> str:
    """Return JSON with control characters as escape sequences: the same value, safe to print to a terminal."""
    valid = json_text.encode("utf-8", "backslashreplace").decode("utf-8")
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", valid)
