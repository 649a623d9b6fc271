"""Documents, docstrings, comments, and messages are written in plain technical English: no banned phrase occurs."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator

import pytest

from tests.layout.source import ROOT, Source, sources

_UNITS = (
    "pixels?|tokens?|tiles?|questions?|rows?|lines?|answers?|pictures?|captions?|objects?|columns?|batch|models?|files?|"
    "channels?|beams?|steps?"
)
_THINGS = (
    "text|number|server|model|file|folder|picture|answers?|results?|whole|path|layer|list|key|database|raster|address|"
    "recipe|question|choice"
)
_VERBS = "Asks|Reads|Draws|Opens|Writes|Sends|Runs|Makes|Keeps|Decides|Measures"
# Phrases that are hard to read, and what to write instead.
BANNED = {
    r"\b(?:is|are|was|were|be|been) told\b": "is reported, is shown",
    r"\btells? (?:of|apart)\b": "reports, distinguishes",
    r"\bat hand\b": "available",
    r"\bbegun\b": "started",
    r"\b[Kk]nows? (?:no|none|not|nobody|nothing|neither)\b": "does not import, does not depend on",
    rf"\b(?:{_VERBS}) (?:nothing|none)\b(?! (?:of|from|but))": "delete it, or name what it guards",
    r"\b(?:[Nn]obody|[Ww]hoever|[Ww]hatsoever)\b": "no user, the caller",
    r"\bput to rights\b": "calibrated, corrected",
    r"\btak(?:es?|en|ing) away\b": "removes",
    r"\bgo(?:es)? on where\b": "resumes where",
    r"\b(?:[Ll]east|[Gg]reatest) confidence\b": "minimum confidence",
    r"\b[Rr]oom on (?:the )?disks?\b": "disk space",
    rf"\b(?:{_UNITS}|bytes|met(?:re|er)s?|seconds?) an? (?:{_UNITS}|second|minute|side)\b(?! (?:is|are|has))": "per",
    rf"(?<![Tt]here )\bis no (?:{_THINGS})\b": "is not a …",
    r"\bis of another\b": "has a different",
    r"\banew\b": "again",
    r"\bwhat (?:lacks|is lacking)\b": "what is missing",
    r"\bgives? way to\b": "is replaced by",
    r"\bwhat (?:became|came) of\b": "the result of",
    r"\b(?:hereafter|thereof|thereby|wherein|herein|whereby)\b": "plain words",
}
MARKDOWN_CODE = re.compile(r"```.*?```|`[^`\n]*`|^ {4}.*$", re.DOTALL | re.MULTILINE)


def documents() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each document, without code."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md", "metadata.txt"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).exists():
            yield name, MARKDOWN_CODE.sub(blanked, (ROOT / name).read_text("utf-8"))


def blanked(match: re.Match[str]) -> str:
    """Return the line breaks of a match, or a space."""
    return "\n" * match[0].count("\n") or " "


def prose(source: Source) -> Iterator[tuple[int, str]]:
    """Yield the line and text of each comment and string of a file: docstrings, messages, help."""
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


def problems(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line offset and a message for each banned phrase of a text."""
    for pattern, instead in BANNED.items():
        for match in re.finditer(pattern, text):
            yield text[: match.start()].count("\n"), f"“{match[0]}”: write {instead}"


def test_documents() -> None:
    found = [f"{name}:{line + 1}: {problem}" for name, text in documents() for line, problem in problems(text)]
    assert found == []


@pytest.mark.parametrize("folder", ["rsgpt_plugin/", "backend/", "benchmarks/", "scripts/", "i18n/", "docs/", "tests/"])
def test_code(folder: str) -> None:
    files = [source for source in sources() if source.name.startswith(folder) and source.name not in EXCLUDED]
    found = [
        f"{source.name}:{line + offset}: {problem}"
        for source in files
        for line, text in prose(source)
        for offset, problem in problems(text)
    ]
    assert found == []


# The banned phrases themselves, and case names that are keys of a contract file.
EXCLUDED = ("tests/layout/test_prose.py", "tests/contract/rasters.py")


@pytest.mark.parametrize("text", ["The user is told why.", "3 tokens a row", "Knows no layer.", "It is no text."])
def test_a_banned_phrase_is_found(text: str) -> None:
    assert list(problems(text))


def test_there_is_no_is_allowed() -> None:
    assert list(problems("There is no model of that name; choose rsgpt-small.")) == []
