"""The output sink of an algorithm: opened when the run starts, and checked after it is closed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    QgsFeatureSink,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import OutputError
from ...geo.results.crs_check import write_crs
from ...geo.results.styles.stored_style import store_style
from .trial_write import TrialWrite

translate = QCoreApplication.translate


class OutputSink:
    """A sink that is opened as late as possible, because opening it deletes the results of an earlier run."""

    def __init__(self, opener: Callable[[], tuple[Any, str]], trial: Optional[TrialWrite] = None) -> None:
        """opener: returns the QGIS sink and its identifier. trial: the trial write; None to only count rows."""
        self._opener = opener
        self._trial = trial
        self.identifier = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Messages about data that the format cannot store."""
        return self._trial.notes if self._trial is not None else ()

    def open(self) -> QgsFeatureSink:
        """Open the sink and set `identifier`."""
        sink, self.identifier = self._opener()
        return sink

    def settle(self) -> None:
        """Write the CRS into the closed file if the format did not. Call this also after a failed run."""
        if self._trial is not None and self._trial.definition and self.identifier:
            write_crs(self.identifier, self._trial.definition)

    def store_style(self, description: str) -> None:
        """Store our style and the description of the run in the closed file. Raises OutputError if it is locked."""
        if self.identifier:
            store_style(self.identifier, description)

    def check(self, rows: int) -> None:
        """Read the closed file back. Raises OutputError if rows or columns are missing, or if the CRS is wrong.

        QGIS writes the last rows when it closes the file, and reports no errors then.
        """
        path = Path(self.identifier.partition("|")[0])
        if not path.exists():
            return
        self.settle()
        layer = QgsVectorLayer(self.identifier, "written", "ogr")
        if not layer.isValid() and self._trial is not None and not self._trial.names:
            return  # a format that QGIS cannot read
        count = layer.featureCount() if layer.isValid() else 0
        if 0 <= count < rows:
            message = translate("Rsgpt", "Only {count} of {rows} rows were written to {path}.")
            raise OutputError(message.format(count=count, rows=rows, path=path))
        if self._trial is not None:
            _compare(layer, path, self._trial)


def write_error(cause: str) -> OutputError:
    """Return the error for an output that cannot be opened."""
    message = translate(
        "Rsgpt",
        "The output cannot be written. Check that its folder exists and is writable, and that no other program "
        "has the file open. {cause}",
    )
    return OutputError(message.format(cause=cause).strip())


def _compare(layer: QgsVectorLayer, path: Path, trial: TrialWrite) -> None:
    missing = [name for name in trial.names if name not in layer.fields().names()]
    if missing:
        message = translate("Rsgpt", "The columns {columns} were not written to {path}.")
        raise OutputError(message.format(path=path, columns=", ".join(missing)))
    if trial.crs is not None and layer.crs() != trial.crs:
        message = translate("Rsgpt", "{path} has a different coordinate system than intended ({found}).")
        raise OutputError(message.format(path=path, found=layer.crs().userFriendlyIdentifier()))
