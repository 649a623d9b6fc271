"""Store of runs on disk: their state, progress and parameters."""

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

MAX_ENTRIES = 200
_TEMPORARY = "TEMPORARY_OUTPUT"  # name used by Processing

SCHEMA = (
    "CREATE TABLE runs (id TEXT PRIMARY KEY, began_at TEXT NOT NULL, told_at TEXT NOT NULL, state TEXT NOT NULL, "
    "request TEXT NOT NULL, counts TEXT NOT NULL, output TEXT NOT NULL, note TEXT NOT NULL, layers TEXT NOT NULL) "
    "WITHOUT ROWID",
)


class RunState(Enum):
    """State of a run. INTERRUPTED: its process ended during the run."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    FINISHED = "finished"

    @property
    def can_resume(self) -> bool:
        """Whether the run can be resumed: it is neither running nor finished."""
        return self not in (RunState.RUNNING, RunState.FINISHED)


@dataclass(frozen=True)
class RunRequest:
    """Algorithm and parameters of a run; all values are JSON.

    title: name of the input. parameters: as written by `processing/run_requests.py`. layers: definitions of the layers
    in the parameters, by id. project: project file, or "". source: of the raster, to find it if its layer is gone,
    or "".
    """

    algorithm: str
    title: str
    parameters: Mapping[str, Any]
    layers: Mapping[str, str] = field(default_factory=dict)
    project: str = ""
    source: str = ""


@dataclass(frozen=True)
class RunEntry:
    """A stored run. counts: by name; `objects` is a dictionary. output: path or layer id.

    began_at, told_at (last update): ISO 8601, UTC.
    """

    id: str
    request: RunRequest
    state: RunState = RunState.RUNNING
    counts: Mapping[str, Any] = field(default_factory=dict)
    output: str = ""
    note: str = ""
    began_at: str = ""
    told_at: str = ""

    @property
    def file(self) -> str:
        """The requested output file; "" for a temporary layer."""
        output = str(self.request.parameters.get("OUTPUT", ""))
        return "" if output == _TEMPORARY else output

    @property
    def total(self) -> int:
        """Number of places to describe."""
        return int(self.counts.get("tiles", 0))

    @property
    def objects(self) -> Optional[dict[str, int]]:
        """Number of found objects by label; None if they are not written yet, or were not searched."""
        return self.counts.get("objects") or None

    @property
    def done(self) -> int:
        """Number of places with a row."""
        return sum(self.counts.get(name, 0) for name in ("answered", "skipped", "failed"))


class RunStore(Store):
    """One open file of runs, see Database. It belongs to the thread that opened it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, translate("Rsgpt", "list of runs"), SCHEMA)

    def begin(self, run_id: str, request: RunRequest, counts: Mapping[str, Any]) -> None:
        """Record that a run starts or resumes, and delete the oldest runs that have ended."""
        now = _now()
        text, layers = _as_text(request), json.dumps(dict(request.layers))
        row = (run_id, now, now, RunState.RUNNING.value, text, json.dumps(dict(counts)), "", "", layers)
        with self._database.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            connection.execute(
                "DELETE FROM runs WHERE state <> ? AND id NOT IN (SELECT id FROM runs ORDER BY told_at DESC LIMIT ?)",
                (RunState.RUNNING.value, MAX_ENTRIES),
            )

    def tell(self, run_id: str, counts: Mapping[str, Any]) -> None:
        """Record the progress of a run."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE runs SET counts = ?, told_at = ? WHERE id = ?", (json.dumps(dict(counts)), _now(), run_id)
            )

    def end(self, run_id: str, state: RunState, output: str = "", note: str = "") -> None:
        """Record how a run ended. An empty `output` keeps the stored one."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE runs SET state = ?, output = COALESCE(NULLIF(?, ''), output), note = ?, told_at = ? "
                "WHERE id = ?",
                (state.value, output, note, _now(), run_id),
            )

    def remove(self, run_id: str) -> None:
        """Delete a run from the list. Its answers and output stay."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    def entries(self) -> list[RunEntry]:
        """Return all runs, latest first, without layers, which are long and needed only to resume."""
        rows = self._database.read(
            "SELECT id, request, '{}', state, counts, output, note, began_at, told_at FROM runs "
            "ORDER BY began_at DESC, id"
        )
        return [_entry(*row) for row in rows]

    def entry(self, run_id: str) -> Optional[RunEntry]:
        """Return a run with its layers, or None if it does not exist."""
        rows = self._database.read(
            "SELECT id, request, layers, state, counts, output, note, began_at, told_at FROM runs WHERE id = ?",
            (run_id,),
        )
        return _entry(*rows[0]) if rows else None


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="microseconds")  # precise, because the oldest runs are deleted


def _as_text(request: RunRequest) -> str:
    return json.dumps({name: value for name, value in asdict(request).items() if name != "layers"})


def _entry(run_id: str, request: str, layers: str, state: str, counts: str, *details: str) -> RunEntry:
    run_request = RunRequest(**json.loads(request), layers=json.loads(layers))
    return RunEntry(run_id, run_request, RunState(state), json.loads(counts), *details)
