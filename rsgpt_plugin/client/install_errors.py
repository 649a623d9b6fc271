"""Turns the output of a failed installation into one sentence of advice. Runs nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

_KINDS = (
    (
        r"407 |proxy authentication|tunnel connection failed",
        "The proxy asks for a login. Enter it in QGIS under Settings ▸ Options ▸ Network, then set up again.",
    ),
    (
        r"no space left|errno 28|not enough space|disk quota",
        "The disk is full. Free about 3 GB, or set RSGPT_HOME to a folder on another drive, then set up again.",
    ),
    (
        r"certificate.verify|ssl: |sslerror|self.signed certificate",
        "The connection's certificate is not trusted, as behind an inspecting firewall. Ask for its certificate "
        "and name the file in the variable PIP_CERT, then set up again.",
    ),
    (
        r"name or service not known|temporary failure in name resolution|getaddrinfo failed|"
        r"network is unreachable|connection refused|newconnectionerror|nodename nor servname|timed out",
        "There is no connection to the package index. Connect to the internet once, then set up again.",
    ),
    (
        r"no matching distribution|could not find a version|resolutionimpossible|"
        r"not a supported wheel|no solution found",
        "A package has no build for this machine's system or Python. Install Python 3.12, then set up again.",
    ),
    (
        r"permission denied|access is denied|errno 13|winerror 5",
        "A file could not be written. Close other QGIS windows, check the folder's permissions, then set up again.",
    ),
)


def advice(lines: Sequence[str]) -> str:
    """Return what to do about a failed installation that printed `lines`; the last line of it where unknown."""
    text = "\n".join(lines)
    for pattern, sentence in _KINDS:
        if re.search(pattern, text, re.IGNORECASE):
            return sentence
    last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
    return f"The installation failed: {last[:300]}. Set up again; if it fails again, report this line."
