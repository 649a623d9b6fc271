"""Where an algorithm's rows go: a sink that opens late, and is looked at when it is closed. Knows no rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsFeatureSink, QgsFields, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication

from ..errors import OutputError

translate = QCoreApplication.translate


@dataclass(frozen=True)
class SinkShape:
    """What an output looks like: its columns, geometry type and CRS."""

    fields: QgsFields
    wkb_type: Any
    crs: QgsCoordinateReferenceSystem


class Output:
    """A sink that is opened when a run can begin: to open it empties what an earlier run has written there."""

    def __init__(self, opener: Callable[[], tuple[Any, str]]) -> None:
        self._opener = opener
        self.identifier = ""

    def open(self) -> QgsFeatureSink:
        """Open it; `identifier` names the result from then on."""
        sink, self.identifier = self._opener()
        return sink

    def check(self, rows: int) -> None:
        """Raise OutputError where the closed file lacks rows: QGIS writes the last of them as it closes, unheard."""
        path = Path(self.identifier.partition("|")[0])
        if not path.is_file():
            return
        layer = QgsVectorLayer(self.identifier, "written", "ogr")
        count = layer.featureCount() if layer.isValid() else 0
        if 0 <= count < rows:
            sentence = translate(
                "Rsgpt",
                "Only {count} of {rows} rows have reached {path}. Check the free space there, run again: the answers "
                "are kept.",
            )
            raise OutputError(sentence.format(count=count, rows=rows, path=path))


def unwritable(cause: str) -> OutputError:
    """That the output cannot be opened."""
    sentence = translate(
        "Rsgpt",
        "The output cannot be written. Check that its folder exists and may be written to, and that no other "
        "program has the file open. {cause}",
    )
    return OutputError(sentence.format(cause=cause).strip())
