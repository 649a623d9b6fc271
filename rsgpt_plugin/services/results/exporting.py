"""Exports rows of a results layer to a file as a task. The file formats are in `geo`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Optional

from qgis.core import QgsFeatureRequest, QgsProject, QgsVectorLayer, QgsVectorLayerFeatureSource
from qgis.PyQt.QtCore import QCoreApplication

from ...client.preferences import load
from ...core.paths import picture_file
from ...core.picture_store import PictureStore
from ...errors import Cancelled, OutputError
from ...geo.results.column_roles import result_columns
from ...geo.results.display_values import DisplayColumn
from ...geo.results.export.csv_sheet import write_csv
from ...geo.results.export.dataset import check_folder, write_dataset
from ...geo.results.export.export_rows import ExportRows, check_earlier_export
from ...geo.results.export.geodata import LAYER, write_geojson, write_geopackage
from ...geo.results.export.html_report import write_report
from ...geo.results.layer_rows import LayerRow
from ...shared.files.geopackage import check_replaceable
from ...shared.files.source_files import overwritten_input
from ..background_task import BackgroundTask

translate = QCoreApplication.translate


class ExportFormat(Enum):
    """A format of an export. The value is the file name extension; a data set is a folder."""

    GEOPACKAGE = ".gpkg"
    SHEET = ".csv"
    GEOJSON = ".geojson"
    DATASET = ""
    REPORT = ".html"


_WRITERS: dict[ExportFormat, Callable[[ExportRows, Path], Optional[int]]] = {
    ExportFormat.GEOPACKAGE: write_geopackage,
    ExportFormat.SHEET: write_csv,
    ExportFormat.GEOJSON: write_geojson,
    ExportFormat.DATASET: write_dataset,
    ExportFormat.REPORT: write_report,
}


@dataclass(frozen=True)
class ExportDestination:
    """The format and the path of an export."""

    format: ExportFormat
    path: Path


def export(
    layer: QgsVectorLayer, columns: Sequence[DisplayColumn], rows: Sequence[LayerRow], destination: ExportDestination
) -> BackgroundTask:
    """Return a task that writes `rows` in their order; its result is a message. Call it on the main thread.

    Raises OutputError if the export would replace the layer's own file or a file that is not an export.
    """
    _check(layer, destination)
    source = QgsVectorLayerFeatureSource(layer)
    context = QgsProject.instance().transformContext()
    name, fields, geometry_type, crs = layer.name(), layer.fields(), layer.wkbType(), layer.crs()
    model, description = result_columns(layer).known.get("model", ""), layer.metadata().abstract()

    def write(task: BackgroundTask) -> str:
        progress = partial(_progress, task)
        features = {}
        for feature in source.getFeatures(QgsFeatureRequest().setFilterFids([row.fid for row in rows])):
            features[feature.id()] = feature
            progress(0.0)
        existing = [row for row in rows if row.fid in features]
        with _Pictures() as pictures:
            export_rows = ExportRows(
                name, columns, existing, [features[row.fid] for row in existing], fields, geometry_type, crs, context,
                pictures.get, progress, model, description,
            )  # fmt: skip
            left_out = _WRITERS[destination.format](export_rows, destination.path) or 0
        return _summary(destination.path, len(existing) - left_out, left_out)

    return BackgroundTask(translate("Rsgpt", "RSGPT: exporting results"), write, visible=True)


def _check(layer: QgsVectorLayer, destination: ExportDestination) -> None:
    path = destination.path
    if destination.format is ExportFormat.DATASET:
        check_folder(path)
    elif overwritten_input(path, [layer.source()]) is not None:
        raise OutputError(translate("Rsgpt", "That file is the layer itself. Choose another name."))
    elif destination.format is not ExportFormat.GEOPACKAGE:
        check_earlier_export(path)
    elif path.is_file():
        check_replaceable(path, LAYER)


def _progress(task: BackgroundTask, percent: float) -> None:
    if task.isCanceled():
        raise Cancelled(translate("Rsgpt", "Stopped."))
    task.setProgress(percent)


def _summary(path: Path, written: int, left_out: int) -> str:
    message = translate("Rsgpt", "Exported to {path}. Rows: {count}.").format(count=written, path=path)
    if left_out:
        missing = translate("Rsgpt", "Rows left out because their pictures are no longer stored: {count}.")
        message += " " + missing.format(count=left_out)
    return message


class _Pictures:
    """The picture store if it exists, without creating it."""

    def __enter__(self) -> _Pictures:
        exists = picture_file().is_file()
        self._store = PictureStore(picture_file(), load().picture_bytes) if exists else None
        return self

    def __exit__(self, *error: object) -> None:
        if self._store is not None:
            self._store.close()

    def get(self, sha256: str) -> Optional[bytes]:
        """Return a picture as PNG; None if it is not stored."""
        return self._store.get(sha256) if self._store is not None else None
