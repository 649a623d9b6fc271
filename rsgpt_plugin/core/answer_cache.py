"""Cache of answers on disk, so that no prompt is sent twice."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from ..shared.answers.typed_answers import RawAnswer
from ..shared.i18n import translate
from .database import Store

_KEYS_PER_QUERY = 500

SCHEMA = (
    "CREATE TABLE answers (key TEXT PRIMARY KEY, text TEXT NOT NULL, confidence REAL, first_top TEXT NOT NULL, "
    "degenerate INTEGER NOT NULL, asked_at TEXT NOT NULL) WITHOUT ROWID",
    "ALTER TABLE answers ADD COLUMN model TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE answers ADD COLUMN is_cut INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE answers ADD COLUMN is_unusual INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE answers ADD COLUMN answered_by TEXT NOT NULL DEFAULT ''",
)


class AnswerCache(Store):
    """One open cache file, see Database. Answers are safe from a kill once `put` has returned."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, translate("Rsgpt", "answer cache"), SCHEMA)

    def get(self, keys: Sequence[str]) -> dict[str, RawAnswer]:
        """Return the cached answers by key, without the keys that have none."""
        answers: dict[str, RawAnswer] = {}
        for start in range(0, len(keys), _KEYS_PER_QUERY):
            answers.update(self._select(keys[start : start + _KEYS_PER_QUERY]))
        return answers

    def put(self, answers: Mapping[str, RawAnswer]) -> None:
        """Store all `answers` in one transaction, replacing existing ones."""
        rows = [
            (
                *(key, raw.text, raw.confidence, json.dumps(raw.first_top)),
                *(raw.degenerate, raw.asked_at, raw.model, raw.is_cut, raw.is_unusual, raw.answered_by),
            )
            for key, raw in answers.items()
        ]
        with self._database.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def clear(self) -> None:
        """Delete all answers."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM answers")
        self._database.shrink()

    def _select(self, keys: Sequence[str]) -> dict[str, RawAnswer]:
        # SQLite unpacks one bound text, so that no statement is assembled from strings.
        rows = self._database.read(
            "SELECT key, text, confidence, first_top, degenerate, asked_at, model, is_cut, is_unusual, answered_by "
            "FROM answers "
            "WHERE key IN (SELECT value FROM json_each(?))",
            (json.dumps(list(keys)),),
        )
        return {row[0]: _answer(*row[1:]) for row in rows}


def _answer(text: str, confidence: Optional[float], first_top: str, degenerate: int, *details: Any) -> RawAnswer:
    top = tuple((str(word), float(logprob)) for word, logprob in json.loads(first_top))
    asked_at, model, is_cut, is_unusual, answered_by = details
    flags = {"is_cut": bool(is_cut), "is_unusual": bool(is_unusual)}
    return RawAnswer(text, confidence, top, bool(degenerate), asked_at, model, **flags, answered_by=answered_by)
