"""Where an algorithm's rows go: a sink that opens late, and is looked at when it is closed. Knows no rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import OutputError
from ...geo.results.crs_check import write_crs

if TYPE_CHECKING:
    from .trial_write import TrialWrite

translate = QCoreApplication.translate


@dataclass(frozen=True)
class SinkShape:
    """What an output looks like: its columns, geometry type and CRS.

    samples: features as they come, with the values of their own columns, which are the first of `fields`.
    """

    fields: QgsFields
    wkb_type: Any
    crs: QgsCoordinateReferenceSystem
    samples: tuple[QgsFeature, ...] = ()


class OutputSink:
    """A sink that is opened when a run can begin: to open it empties what an earlier run has written there."""

    def __init__(self, opener: Callable[[], tuple[Any, str]], trial: Optional[TrialWrite] = None) -> None:
        """trial: what a trial of it read back; without one, only rows are counted."""
        self._opener = opener
        self._trial = trial
        self.identifier = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the format loses, in sentences."""
        return self._trial.notes if self._trial is not None else ()

    def open(self) -> QgsFeatureSink:
        """Open it; `identifier` names the result from then on."""
        sink, self.identifier = self._opener()
        return sink

    def settle(self) -> None:
        """Enter the CRS into the closed file, where the format did not; rows of a run that failed need it too."""
        if self._trial is not None and self._trial.definition and self.identifier:
            write_crs(self.identifier, self._trial.definition)

    def check(self, rows: int) -> None:
        """Read the closed file back; OutputError where it lacks rows or columns, or has another CRS than was meant.

        QGIS writes the last rows as it closes the file, and reports nothing then.
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
            sentence = translate("Rsgpt", "Only {count} of {rows} rows have reached {path}.")
            raise OutputError(sentence.format(count=count, rows=rows, path=path))
        if self._trial is not None:
            _compare(layer, path, self._trial)


def unwritable(cause: str) -> OutputError:
    """That the output cannot be opened."""
    sentence = translate(
        "Rsgpt",
        "The output cannot be written. Check that its folder exists and may be written to, and that no other "
        "program has the file open. {cause}",
    )
    return OutputError(sentence.format(cause=cause).strip())


def _compare(layer: QgsVectorLayer, path: Path, trial: TrialWrite) -> None:
    lost = [name for name in trial.names if name not in layer.fields().names()]
    if lost:
        sentence = translate("Rsgpt", "{path} lacks the columns {columns}, which were to be written.")
        raise OutputError(sentence.format(path=path, columns=", ".join(lost)))
    if trial.crs is not None and layer.crs() != trial.crs:
        sentence = translate("Rsgpt", "{path} has a different coordinate system than intended ({found}).")
        raise OutputError(sentence.format(path=path, found=layer.crs().userFriendlyIdentifier()))
