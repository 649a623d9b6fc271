"""Writes rows of a results layer to a file, as a task. Knows no widget; the formats are geo's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Optional

from qgis.core import QgsFeatureRequest, QgsProject, QgsTask, QgsVectorLayer, QgsVectorLayerFeatureSource
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal

from ..client.preferences import load
from ..core.paths import picture_file
from ..core.pictures import PictureStore
from ..errors import Cancelled, OutputError, RsgptError
from ..geo.columns import result_columns
from ..geo.export.dataset import write_dataset
from ..geo.export.geodata import write_geojson, write_geopackage
from ..geo.export.report import write_report
from ..geo.export.rows import ExportRows
from ..geo.export.sheet import write_sheet
from ..geo.reading import Column
from ..geo.rows import Row

translate = QCoreApplication.translate


class Format(Enum):
    """What can be written. The value is how its file's name ends; a data set is a folder."""

    GEOPACKAGE = ".gpkg"
    SHEET = ".csv"
    GEOJSON = ".geojson"
    DATASET = ""
    REPORT = ".html"


_WRITERS: dict[Format, Callable[[ExportRows, Path], Optional[int]]] = {
    Format.GEOPACKAGE: write_geopackage,
    Format.SHEET: write_sheet,
    Format.GEOJSON: write_geojson,
    Format.DATASET: write_dataset,
    Format.REPORT: write_report,
}


@dataclass(frozen=True)
class Destination:
    """Where to, as what."""

    format: Format
    path: Path


class ExportTask(QgsTask):
    """Writes `rows` of a layer, in that order. `ended`: whether it is written, and a sentence."""

    ended = pyqtSignal(bool, str)

    def __init__(
        self, layer: QgsVectorLayer, columns: Sequence[Column], rows: Sequence[Row], destination: Destination
    ) -> None:
        """Main thread. OutputError where the layer itself would be written over."""
        super().__init__(translate("Rsgpt", "RSGPT: exporting results"), QgsTask.Flag.CanCancel)
        if Path(layer.source().split("|", 1)[0]) == destination.path:
            raise OutputError(translate("Rsgpt", "That file is the layer itself. Choose another name."))
        self._source = QgsVectorLayerFeatureSource(layer)
        self._shape = (layer.name(), columns, layer.fields(), layer.wkbType(), layer.crs())
        self._model = result_columns(layer).known.get("model", "")
        self._context = QgsProject.instance().transformContext()
        self._rows = rows
        self._destination = destination
        self._error = ""
        self._left_out = 0

    def run(self) -> bool:
        """Write, on a thread of QGIS's."""
        try:
            self._write()
        except Cancelled:
            return False
        except RsgptError as error:
            self._error = str(error)
        return not self._error

    def finished(self, result: bool) -> None:
        """Report, on the main thread."""
        if not result:
            self.ended.emit(False, self._error or translate("Rsgpt", "The export was stopped."))
            return
        done = translate("Rsgpt", "Exported to {path}. Rows: {count}.")
        sentence = done.format(count=len(self._rows) - self._left_out, path=self._destination.path)
        if self._left_out:
            gone = translate("Rsgpt", "Left out, as their pictures are no longer kept: {count}.")
            sentence += " " + gone.format(count=self._left_out)
        self.ended.emit(True, sentence)

    def _write(self) -> None:
        rows, features = self._rows, {}
        for feature in self._source.getFeatures(QgsFeatureRequest().setFilterFids([row.fid for row in rows])):
            features[feature.id()] = feature
            self._progress(0.0)
        there = [row for row in rows if row.fid in features]
        title, columns, fields, kind, crs = self._shape
        with _Pictures() as pictures:
            export = ExportRows(
                title, columns, there, [features[row.fid] for row in there], fields, kind, crs, self._context,
                pictures.get, self._progress, self._model,
            )  # fmt: skip
            self._left_out = _WRITERS[self._destination.format](export, self._destination.path) or 0

    def _progress(self, percent: float) -> None:
        if self.isCanceled():
            raise Cancelled(translate("Rsgpt", "The export was stopped."))
        self.setProgress(percent)


class _Pictures:
    """The picture store, or nothing where there is none yet."""

    def __enter__(self) -> _Pictures:
        there = picture_file().is_file()
        self._store = PictureStore(picture_file(), load().picture_bytes) if there else None
        return self

    def __exit__(self, *what: object) -> None:
        if self._store is not None:
            self._store.close()

    def get(self, sha256: str) -> Optional[bytes]:
        """A picture as PNG."""
        return self._store.get(sha256) if self._store is not None else None
