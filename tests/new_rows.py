"""One more answer type and one more result column, as the recipes in CONTRIBUTING.md add them: a row per table."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from rsgpt_plugin.shared.answers import answer_types
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.readers import Reading
from rsgpt_plugin.shared.results import columns
from rsgpt_plugin.shared.results.columns import REAL, TEXT, Column


def read_share(text: str, question: str, choices: Sequence[str]) -> Reading:
    """A percentage as a number from 0 to 1."""
    found = re.fullmatch(r"(\d+)\s*%|(\d\.\d+)", text.strip())
    return Reading((int(found[1]) / 100 if found[1] else float(found[2])) if found else None)


SHARE = AnswerType("share", "Share of the area", REAL, read_share, "'{text}' is no percentage", exported="area")
ORBIT = Column("orbit", TEXT, "Orbit number", "orbit of the satellite")
LINE = "green[share]: How much of it is green?"


def add_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a row to each table for the length of a test."""
    monkeypatch.setattr(answer_types, "TYPES", (*answer_types.TYPES, SHARE))
    monkeypatch.setattr(columns, "COLUMNS", (*columns.COLUMNS, ORBIT))
