"""Advice for failed installations, derived from the output of the installers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ...errors import SetupError
from ...shared.i18n import translate

_DETAIL_LINES = 200


def advice(lines: Sequence[str]) -> str:
    """Return advice for a failed installation that printed `lines`; quote the last line if the cause is unknown."""
    text = "\n".join(lines)
    for pattern, sentence in _kinds():
        if re.search(pattern, text, re.IGNORECASE):
            return sentence
    last = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
    unknown = translate(
        "Rsgpt", "The installation failed: {line}. Set up again; if this happens again, report this line."
    )
    return unknown.format(line=last[:300])


def install_error(lines: Sequence[str]) -> SetupError:
    """Return the error of an installation that printed `lines`: advice, with the last lines as details."""
    return SetupError(advice(lines), "\n".join(lines[-_DETAIL_LINES:]))


def _kinds() -> Iterator[tuple[str, str]]:
    """Yield patterns with advice. The first match wins, so causes come before their consequences."""
    yield from _connection_problems()
    yield from _machine_problems()
    yield from _package_problems()


def _connection_problems() -> Iterator[tuple[str, str]]:
    yield (
        r"\b407\b|proxy authentication|proxyauthentication|tunnel connection failed: 401",
        translate(
            "Rsgpt",
            "The proxy asks for a login. Enter it in QGIS under Settings ▸ Options ▸ Network, then set up again.",
        ),
    )
    yield (
        r"missing dependencies for socks|cannot connect to proxy|proxyerror|tunnel connection failed",
        translate(
            "Rsgpt",
            "The proxy blocked the set-up. Check its settings in QGIS under Settings ▸ Options ▸ Network (use an HTTP "
            "proxy; SOCKS proxies are not supported), then set up again.",
        ),
    )
    yield (
        r"no space left|errno 28|not enough space|disk quota|winerror 112",
        translate(
            "Rsgpt",
            "The disk is full. Free about 3 GB, or set RSGPT_HOME to a folder on another drive, then set up again.",
        ),
    )
    yield (
        r"certificate.verify|ssl: |sslerror|self.signed certificate|invalid peer certificate|unknownissuer",
        translate(
            "Rsgpt",
            "The connection's certificate is not trusted, which is usual behind an inspecting firewall. Ask your "
            "administrator for its certificate, set the variable PIP_CERT to that file, then set up again.",
        ),
    )


def _machine_problems() -> Iterator[tuple[str, str]]:
    yield (
        r"winerror 225|contains a virus|potentially unwanted|winerror 1260|blocked by group policy",
        translate(
            "Rsgpt",
            "A virus scanner or a policy of this machine blocked a file of the set-up. Ask your administrator for an "
            "exception for the folder shown in the set-up, then set up again.",
        ),
    )
    yield (
        r"vcruntime|msvcp140|winerror 126\b|winerror 1114|dll load failed|error loading .{0,200}\.dll",
        translate(
            "Rsgpt",
            "The Microsoft Visual C++ runtime is missing or too old. Install the latest “Visual C++ "
            "Redistributable” from Microsoft, restart the machine, then set up again.",
        ),
    )
    yield (
        r"long path|winerror 206|file ?name too long|filename or extension is too long",
        translate(
            "Rsgpt",
            "A path is too long for Windows. Set RSGPT_HOME to a short folder such as C:\\rsgpt, then set up again.",
        ),
    )


def _package_problems() -> Iterator[tuple[str, str]]:
    yield (
        r"name or service not known|temporary failure in name resolution|getaddrinfo failed|"
        r"network is unreachable|connection refused|newconnectionerror|nodename nor servname|timed out|"
        r"dns error|error sending request|connection reset|incompleteread|connection broken",
        translate(
            "Rsgpt",
            "There is no connection to the package index. Connect to the internet, then set up again.",
        ),
    )
    yield (
        r"no matching distribution|could not find a version|resolutionimpossible|"
        r"not a supported wheel|no solution found",
        translate(
            "Rsgpt",
            "A package has no build for this system or this version of Python. Install Python 3.12, then set up again.",
        ),
    )
    yield (
        r"do not match the hashes|hash mismatch|bad magic number|badzipfile|zip archive",
        translate(
            "Rsgpt",
            "A downloaded package is damaged. Set up again; if this happens again, a proxy or virus scanner may be "
            "changing the downloads.",
        ),
    )
    yield (
        r"permission denied|access is denied|errno 13|winerror 5\b|winerror 32\b|operation not permitted",
        translate(
            "Rsgpt",
            "A file could not be written: another program or a virus scanner is using it, or you do not have write "
            "access to the folder. Close other QGIS windows, check the folder's permissions, then set up again.",
        ),
    )
    yield (
        r"ensurepip is not available|no module named .?ensurepip|no module named .?venv",
        translate(
            "Rsgpt",
            "The Python on this machine cannot create environments. Install its venv module (on Debian and "
            "Ubuntu the package python3-venv), then set up again.",
        ),
    )
    yield (
        r"memoryerror|out of memory|cannot allocate memory|\bkilled\b",
        translate(
            "Rsgpt",
            "There is not enough memory. Close other programs, then set up again.",
        ),
    )
