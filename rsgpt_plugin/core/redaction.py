"""Removal of private data from texts that users share."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

REMOVED = "[removed]"

_URL = re.compile(r"\b([a-z][a-z0-9+.-]*)://[^\s\"'<>]+", re.IGNORECASE)
_HOMES = re.compile(r"((?:/home/|/Users/|[A-Za-z]:\\+Users\\+))[^/\\\s:\"']+")
_BEARER = re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]+", re.IGNORECASE)
_SECRET = re.compile(
    r"([\w-]*(?:api[_-]?key|authcfg|authorization|password|passwd|secret|token)[\w-]*[\"']?\s*[:=]\s*[\"']?)"
    r"(?!\[removed\]|bearer|basic)[^\s\"',;&]+",
    re.IGNORECASE,
)
_LONG = re.compile(r"\b(?:sk|hf|ghp|pk)[_-][A-Za-z0-9_-]{8,}|(?<![\w/.-])[A-Za-z0-9_-]{32,}(?![\w/.-])")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def redacted(text: str, paths: Mapping[str, str], names: Collection[str]) -> str:
    """Return `text` without keys, addresses of other machines, home folders and names.

    paths: replacement by path, such as `~` for the home folder. names: of the user and the machine.
    """
    text = _URL.sub(lambda match: redacted_address(match.group()), text)
    for path in sorted((path for path in paths if len(path) > 1), key=len, reverse=True):
        for spelling in {path, path.replace("\\", "/"), path.replace("\\", "\\\\")}:
            text = re.sub(re.escape(spelling) + r"(?![\w-])", paths[path].replace("\\", r"\\"), text)
    text = _HOMES.sub(lambda match: match.group(1) + REMOVED, text)
    for name in names:
        if name:
            text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", REMOVED, text, flags=re.IGNORECASE)
    text = _BEARER.sub(lambda match: f"{match.group(1)} {REMOVED}", text)
    text = _SECRET.sub(lambda match: match.group(1) + REMOVED, text)
    return _LONG.sub(REMOVED, text)


def redacted_address(url: str) -> str:
    """Return a URL without login, path and query, and with its host only if that is this machine."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return REMOVED
    if parts.scheme.lower() == "file":
        return url
    if host not in _LOOPBACK:
        return f"{parts.scheme}://{REMOVED}"
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")
