"""The list of runs as a table model."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QAbstractTableModel, QCoreApplication, QLocale, QModelIndex, QObject, Qt

from ...core.run_store import RunEntry, RunState
from ...processing.run_progress import count_text, rate_text, time_text
from ...services.runs.run_manager import RunView
from ...shared.results.descriptions import counts_by_object
from ..widgets import moment_text

translate = QCoreApplication.translate

_ROLES = Qt.ItemDataRole


class RunModel(QAbstractTableModel):
    """One row per run."""

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._runs: list[RunView] = []
        self._headers = (
            self.tr("Raster"),
            self.tr("State"),
            self.tr("Done"),
            self.tr("Rate"),
            self.tr("Time left"),
            self.tr("Started"),
            self.tr("Output"),
        )

    def show(self, runs: list[RunView]) -> None:
        """Show `runs`. The same runs in the same order are updated in place, which keeps the selection."""
        same = [run.entry.id for run in runs] == [run.entry.id for run in self._runs]
        if not same:
            self.beginResetModel()
        self._runs = runs
        if not same:
            self.endResetModel()
        elif runs:
            self.dataChanged.emit(self.index(0, 0), self.index(len(runs) - 1, len(self._headers) - 1))

    def run(self, row: int) -> Optional[RunView]:
        """Return the run in a row, None if there is no such row."""
        return self._runs[row] if 0 <= row < len(self._runs) else None

    def row(self, run_id: str) -> int:
        """Return the row of a run, -1 if it is not listed."""
        return next((row for row, run in enumerate(self._runs) if run.entry.id == run_id), -1)

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's own signature
        return 0 if parent.isValid() else len(self._runs)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's own signature
        return 0 if parent.isValid() else len(self._headers)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLES.DisplayRole) -> Any:  # noqa: N802
        if orientation == Qt.Orientation.Horizontal and role == _ROLES.DisplayRole:
            return self._headers[section]
        return None

    def data(self, index: QModelIndex, role: int = _ROLES.DisplayRole) -> Any:
        run = self.run(index.row())
        if run is None:
            return None
        if role == _ROLES.DisplayRole:
            return self._texts(run)[index.column()]
        if role == _ROLES.DecorationRole and index.column() == 1:
            return QgsApplication.getThemeIcon(_ICONS[run.entry.state])
        if role == _ROLES.ToolTipRole:
            return self.explain(run)
        return None

    def state_text(self, run: RunView) -> str:
        """Return the state of a run as text."""
        if run.entry.state is RunState.RUNNING and not run.is_here:
            return self.tr("Running in another window")
        if run.is_here and not run.entry.done:
            return self.tr("Starting")
        return {
            RunState.RUNNING: self.tr("Running"),
            RunState.PAUSED: self.tr("Paused"),
            RunState.STOPPED: self.tr("Stopped"),
            RunState.INTERRUPTED: self.tr("Interrupted"),
            RunState.FAILED: self.tr("Failed"),
            RunState.FINISHED: self.tr("Finished"),
        }[run.entry.state]

    def explain(self, run: RunView) -> str:
        """Return the counts of a run and the reason if it failed, one per line."""
        return "\n".join(part for part in (counts_text(run.entry), run.entry.note) if part)

    def _texts(self, run: RunView) -> tuple[str, ...]:
        entry, pace = run.entry, run.pace
        return (
            entry.request.title,
            self.state_text(run),
            count_text(entry.done, entry.total),
            rate_text(pace.rate()) if pace is not None else "",
            time_text(pace.seconds_left(entry.total)) if pace is not None and pace.rate() else "",
            moment_text(entry.began_at),
            entry.file or self.tr("Temporary layer"),
        )


def counts_text(entry: RunEntry) -> str:
    """Return the numbers of answered, skipped, failed and cached places as text, after those of found objects."""
    locale = QLocale()
    names = ("answered", "skipped", "failed", "cached")
    counts = {name: locale.toString(entry.counts.get(name, 0)) for name in names}
    text = translate(
        "Rsgpt", "{answered} answered, {skipped} skipped, {failed} failed; {cached} answers from the cache."
    )
    found = [] if entry.objects is None else [f"{counts_by_object(entry.objects)}."]
    return " ".join([*found, text.format(**counts)])


_ICONS = {
    RunState.RUNNING: "/mActionStart.svg",
    RunState.PAUSED: "/temporal_navigation/pause.svg",
    RunState.STOPPED: "/mActionStop.svg",
    RunState.INTERRUPTED: "/mIconWarning.svg",
    RunState.FAILED: "/mIconCritical.svg",
    RunState.FINISHED: "/mIconSuccess.svg",
}
