"""Which runs there were, how far they came and what they were asked for, on disk. Starts none and knows no QGIS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import Any, Optional

from ..shared.i18n import translate
from .database import Store

MOST_ENTRIES = 200
_TEMPORARY = "TEMPORARY_OUTPUT"  # as Processing calls it

SCHEMA = (
    "CREATE TABLE runs (id TEXT PRIMARY KEY, began_at TEXT NOT NULL, told_at TEXT NOT NULL, state TEXT NOT NULL, "
    "request TEXT NOT NULL, counts TEXT NOT NULL, output TEXT NOT NULL, note TEXT NOT NULL, layers TEXT NOT NULL) "
    "WITHOUT ROWID",
)


class RunState(Enum):
    """Where a run is. Interrupted: its process ended before it did."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    FINISHED = "finished"

    @property
    def can_go_on(self) -> bool:
        """Whether there may be something left to do, and nobody doing it."""
        return self not in (RunState.RUNNING, RunState.FINISHED)


@dataclass(frozen=True)
class RunRequest:
    """What a run was asked for; all of it JSON.

    title: what it looks at. parameters: as `processing/keeping.py` writes them. layers: definition of each layer
    that they name, by its id. project: file of the project, "" where it had none. source: of the raster, to find it
    again where its layer has gone, "" where unknown.
    """

    algorithm: str
    title: str
    parameters: Mapping[str, Any]
    layers: Mapping[str, str] = field(default_factory=dict)
    project: str = ""
    source: str = ""


@dataclass(frozen=True)
class RunEntry:
    """One run. counts: by name, as the run counts them. output: its path, or the id of a layer. Times: ISO, UTC."""

    id: str
    request: RunRequest
    state: RunState = RunState.RUNNING
    counts: Mapping[str, int] = field(default_factory=dict)
    output: str = ""
    note: str = ""
    began_at: str = ""
    told_at: str = ""

    @property
    def file(self) -> str:
        """Where its rows were asked for; "" for a temporary layer."""
        asked = str(self.request.parameters.get("OUTPUT", ""))
        return "" if asked == _TEMPORARY else asked

    @property
    def total(self) -> int:
        """How many places there are."""
        return self.counts.get("tiles", 0)

    @property
    def done(self) -> int:
        """How many places have their row."""
        return sum(self.counts.get(name, 0) for name in ("answered", "skipped", "failed"))


class RunStore(Store):
    """One open file of runs, see Database; belongs to the thread that opened it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, translate("Rsgpt", "list of runs"), SCHEMA)

    def begin(self, run_id: str, request: RunRequest, counts: Mapping[str, int]) -> None:
        """Note that a run begins, or goes on; forget the oldest of those that have ended."""
        now = _now()
        asked, layers = _as_text(request), json.dumps(dict(request.layers))
        row = (run_id, now, now, RunState.RUNNING.value, asked, json.dumps(dict(counts)), "", "", layers)
        with self._database.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            connection.execute(
                "DELETE FROM runs WHERE state <> ? AND id NOT IN (SELECT id FROM runs ORDER BY told_at DESC LIMIT ?)",
                (RunState.RUNNING.value, MOST_ENTRIES),
            )

    def tell(self, run_id: str, counts: Mapping[str, int]) -> None:
        """Note how far a run is."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE runs SET counts = ?, told_at = ? WHERE id = ?", (json.dumps(dict(counts)), _now(), run_id)
            )

    def end(self, run_id: str, state: RunState, output: str = "", note: str = "") -> None:
        """Note how a run ended; an empty `output` leaves what is known of it."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE runs SET state = ?, output = COALESCE(NULLIF(?, ''), output), note = ?, told_at = ? "
                "WHERE id = ?",
                (state.value, output, note, _now(), run_id),
            )

    def remove(self, run_id: str) -> None:
        """Forget a run; its answers and its output stay."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    def entries(self) -> list[RunEntry]:
        """Return all runs, the latest first, without their layers, which are long and only needed to go on."""
        rows = self._database.read(
            "SELECT id, request, '{}', state, counts, output, note, began_at, told_at FROM runs "
            "ORDER BY began_at DESC, id"
        )
        return [_entry(*row) for row in rows]

    def entry(self, run_id: str) -> Optional[RunEntry]:
        """Return one run, or None where it is not known."""
        rows = self._database.read(
            "SELECT id, request, layers, state, counts, output, note, began_at, told_at FROM runs WHERE id = ?",
            (run_id,),
        )
        return _entry(*rows[0]) if rows else None


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="microseconds")  # the oldest go first


def _as_text(request: RunRequest) -> str:
    return json.dumps({name: value for name, value in asdict(request).items() if name != "layers"})


def _entry(run_id: str, request: str, layers: str, state: str, counts: str, *told: str) -> RunEntry:
    asked = RunRequest(**json.loads(request), layers=json.loads(layers))
    return RunEntry(run_id, asked, RunState(state), json.loads(counts), *told)
