"""Rows of a results layer, ready for a writer of exports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from qgis.core import QgsCoordinateTransformContext, QgsField, QgsVectorLayer

from rsgpt_plugin.errors import Cancelled
from rsgpt_plugin.geo.results.column_roles import result_columns
from rsgpt_plugin.geo.results.export.export_rows import ExportRows
from rsgpt_plugin.geo.results.layer_rows import RowReader
from tests.plugin.results import fids


def ignore(percent: float) -> None:
    """Take the progress of an export without a progress bar."""


def rows_to_export(
    layer: QgsVectorLayer,
    numbers: Sequence[int] | None = None,
    pictures: Mapping[str, bytes] | None = None,
    progress: Callable[[float], None] = ignore,
) -> ExportRows:
    """Return the layer's rows with these numbers in that order, or all. pictures: the stored PNGs by hash."""
    reader, ids = RowReader(layer), fids(layer)
    features = [layer.getFeature(ids[number]) for number in (range(len(ids)) if numbers is None else numbers)]
    rows = [reader.row(feature) for feature in features]
    context, model = QgsCoordinateTransformContext(), result_columns(layer).known.get("model", "")
    return ExportRows(
        layer.name(), reader.columns, rows, features, layer.fields(), layer.wkbType(), layer.crs(), context,
        (pictures or {}).get, progress, model,
    )  # fmt: skip


def stop_after(percent: float) -> Callable[[float], None]:
    """Return a progress function of a user who stops the export at `percent`."""

    def progress(reached: float) -> None:
        if reached >= percent:
            raise Cancelled("stopped")

    return progress


def add_column(layer: QgsVectorLayer, name: str, kind: str = "string", values: Sequence[object] = ()) -> None:
    """Add a column of the described features. kind: as in the address of a memory layer. values: one per row."""
    field = QgsField(QgsVectorLayer(f"None?field={name}:{kind}", "a", "memory").fields().at(0))
    field.setName(name)
    assert layer.dataProvider().addAttributes([field])
    layer.updateFields()
    index = layer.fields().indexOf(name)
    changes = {fid: {index: value} for fid, value in zip(fids(layer), values)}
    assert layer.dataProvider().changeAttributeValues(changes)
