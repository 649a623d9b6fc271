"""The edits of rows by a correction, a check, their removal, or undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from qgis.core import QgsFeature, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication

from ....geo.results.column_roles import result_columns
from ....geo.results.layer_rows import attributes_only, null_to_none
from ....shared.results.columns import CHECKED_AT, CORRECTED_AT, REVIEWED_BY
from .corrections import check, correction, lost_answer, missing_row, restoration, uncheck, value_check

translate = QCoreApplication.translate

BATCH_SIZE = 100  # rows that are read at a time
_ABOUT = (CORRECTED_AT, CHECKED_AT, REVIEWED_BY)  # columns that do not decide whether a row was changed since an edit


class RowEdit(NamedTuple):
    """The values of some columns of a row before and after an edit. No columns: it stays as it is; problem: why, or "".

    Rows share `columns`, because the history keeps the edits of many rows.
    """

    fid: int
    columns: tuple[str, ...] = ()
    before: tuple[Any, ...] = ()
    after: tuple[Any, ...] = ()
    problem: str = ""


def corrections(
    layer: QgsVectorLayer, fids: Sequence[int], name: str, value: Any, choices: Sequence[str]
) -> Iterator[RowEdit]:
    """Yield the edits that write `value` into the column `name`."""
    columns, missing, edit_of = result_columns(layer), set(fids), _edit_maker()
    problem_of = value_check(layer, name, value, choices)
    for row in _rows(layer, fids):
        missing.discard(row.id())
        problem = problem_of(row)
        yield edit_of(row, {} if problem else correction(columns, row, name, value), problem)
    for fid in missing:
        yield RowEdit(fid, problem=missing_row())


def restorations(layer: QgsVectorLayer, fids: Sequence[int], name: str) -> Iterator[RowEdit]:
    """Yield the edits that restore the answers of the model."""
    columns, edit_of = result_columns(layer), _edit_maker()
    for row in _rows(layer, fids):
        problem = lost_answer(columns, row, name)
        yield edit_of(row, {} if problem else restoration(columns, row, name), problem)


def checks(layer: QgsVectorLayer, fids: Sequence[int], name: str) -> Iterator[RowEdit]:
    """Yield the edits that mark answers as right."""
    edit_of = _edit_maker()
    for row in _rows(layer, fids):
        yield edit_of(row, check(row, name), "")


def unchecks(layer: QgsVectorLayer, fids: Sequence[int], name: str) -> Iterator[RowEdit]:
    """Yield the edits that remove these marks."""
    edit_of = _edit_maker()
    for row in _rows(layer, fids):
        yield edit_of(row, uncheck(row, name), "")


def _edit_maker() -> Callable[[QgsFeature, dict[str, Any], str], RowEdit]:
    """Return a function that makes the edit of a row from its new values by column."""
    shared: dict[tuple[str, ...], tuple[str, ...]] = {}

    def edit_of(row: QgsFeature, changes: dict[str, Any], problem: str) -> RowEdit:
        columns = tuple(changes)
        columns = shared.setdefault(columns, columns)
        return RowEdit(row.id(), columns, _values(row, columns), tuple(changes.values()), problem)

    return edit_of


def reversals(layer: QgsVectorLayer, step: Sequence[RowEdit]) -> Iterator[RowEdit]:
    """Yield the reverse of each edit, with a problem if the row was deleted or changed since."""
    edits, columns = {edit.fid: edit for edit in step}, set(layer.fields().names())
    for row in _rows(layer, list(edits)):
        edit = edits.pop(row.id())
        cells = zip(edit.columns, _values(row, edit.columns), edit.after)
        if columns.issuperset(edit.columns) and all(
            current == value for name, current, value in cells if name not in _ABOUT
        ):
            yield RowEdit(edit.fid, edit.columns, edit.after, edit.before)
        else:
            yield RowEdit(edit.fid, problem=translate("Rsgpt", "The row was changed in the meantime."))
    for fid in edits:
        yield RowEdit(fid, problem=missing_row())


def _rows(layer: QgsVectorLayer, fids: Sequence[int]) -> Iterator[QgsFeature]:
    """Yield the rows that still exist, in batches: an open read cursor would lock the file during a write."""
    remaining = iter(fids)
    while batch := list(islice(remaining, BATCH_SIZE)):
        yield from list(layer.getFeatures(attributes_only().setFilterFids(batch)))


def _values(row: QgsFeature, columns: Sequence[str]) -> tuple[Any, ...]:
    return tuple(null_to_none(row[name]) if row.fieldNameIndex(name) >= 0 else None for name in columns)
