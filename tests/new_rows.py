"""An added answer type and an added result column, as in the recipes in CONTRIBUTING.md."""

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
    """Read a percentage as a number from 0 to 1."""
    match = re.fullmatch(r"(\d+)\s*%|(\d\.\d+)", text.strip())
    return Reading((int(match[1]) / 100 if match[1] else float(match[2])) if match else None)


SHARE = AnswerType("share", "Share of the area", REAL, read_share, "'{text}' is not a percentage", exported="area")
ORBIT = Column("orbit", TEXT, "Orbit number", "orbit of the satellite")
LINE = "green[share]: How much of it is green?"


def add_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a row to each table for the duration of a test."""
    monkeypatch.setattr(answer_types, "TYPES", (*answer_types.TYPES, SHARE))
    monkeypatch.setattr(columns, "COLUMNS", (*columns.COLUMNS, ORBIT))
