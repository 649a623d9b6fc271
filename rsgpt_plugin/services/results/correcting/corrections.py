"""Corrections and checks of answers by the user. The model's answer stays in a second column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Optional

from qgis.core import QgsApplication, QgsFeature, QgsField, QgsSettings, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QDateTime

from ....geo.results.column_roles import ResultColumns, result_columns
from ....geo.results.layer_rows import null_to_none
from ....geo.results.schema import field_of
from ....shared.results.columns import CHECKED, CHECKED_AT, CORRECTED, CORRECTED_AT, REVIEWED_BY, column
from ..new_columns import add_result_columns
from .choices import asked_name, choices_of, misfit

translate = QCoreApplication.translate


def value_check(
    layer: QgsVectorLayer, name: str, value: Any, choices: Sequence[str] = ()
) -> Callable[[QgsFeature], str]:
    """Return a function that says why `value` cannot be the answer in the column `name` of a row, "" if it can.

    choices: of the rows that were asked something else last, () for any.
    """
    columns, field = result_columns(layer), layer.fields().field(name)
    asked, prompt_column = asked_name(columns, name), columns.known.get("prompt")
    problems: dict[str, str] = {}  # by prompt, which is the same for most rows of a layer

    def problem_of(row: QgsFeature) -> str:
        problem = lost_answer(columns, row, name)
        if problem:
            return problem
        prompt = str(null_to_none(row[prompt_column]) or "") if prompt_column else ""
        if prompt not in problems:
            own = choices_of(prompt, asked)
            problems[prompt] = misfit(value, field, choices if own is None else own)
        return problems[prompt]

    return problem_of


def missing_row() -> str:
    """Return the message about a row that was deleted since the table was read."""
    return translate("Rsgpt", "The row is no longer in the layer. Reopen the table.")


def lost_answer(columns: ResultColumns, row: QgsFeature, name: str) -> str:
    """Return that the model's answer was lost, if the column `name` of a row was corrected; "" if it was not lost."""
    model_column = columns.model_of(name)
    if name not in corrected_columns(row) or row.fieldNameIndex(model_column) >= 0:
        return ""
    sentence = translate("Rsgpt", "The layer no longer has the column “{name}” with the model's answers.")
    return sentence.format(name=model_column)


def correction(columns: ResultColumns, row: QgsFeature, name: str, value: Any) -> dict[str, Any]:
    """Return the new values by column that correct the column `name` of a row, {} if it has the value already."""
    if null_to_none(row[name]) == value:
        return {}
    corrected, model_column = corrected_columns(row), columns.model_of(name)
    if name in corrected and null_to_none(row[model_column]) == value:
        return restoration(columns, row, name)
    changes = {
        **uncheck(row, name),
        name: value,
        CORRECTED: " ".join(sorted(corrected | {name})),
        CORRECTED_AT: QDateTime.currentDateTimeUtc(),
        REVIEWED_BY: _reviewer(),
    }
    if name not in corrected:
        changes[model_column] = null_to_none(row[name])
    return changes


def restoration(columns: ResultColumns, row: QgsFeature, name: str) -> dict[str, Any]:
    """Return the new values by column that restore the model's answer, {} if it has not been corrected."""
    corrected = corrected_columns(row)
    if name not in corrected:
        return {}
    model_column = columns.model_of(name)
    remaining = corrected - {name}
    changes = {
        name: null_to_none(row[model_column]),
        model_column: None,
        CORRECTED: " ".join(sorted(remaining)) or None,
    }
    if not remaining:
        ended = [CORRECTED_AT] if checked_columns(row) else [CORRECTED_AT, REVIEWED_BY]
        # A Shapefile truncates these names.
        changes.update({column: None for column in ended if row.fieldNameIndex(column) >= 0})
    return changes


def check(row: QgsFeature, name: str) -> dict[str, Any]:
    """Return the new values by column that mark the answer in the column `name` of a row as right.

    {} if there is no answer, if a person corrected it, or if it is marked already.
    """
    checked = checked_columns(row)
    if null_to_none(row[name]) is None or name in corrected_columns(row) | checked:
        return {}
    return {
        CHECKED: " ".join(sorted(checked | {name})),
        CHECKED_AT: QDateTime.currentDateTimeUtc(),
        REVIEWED_BY: _reviewer(),
    }


def uncheck(row: QgsFeature, *names: str) -> dict[str, Any]:
    """Return the new values by column that remove these marks, {} if there are none."""
    checked = checked_columns(row)
    remaining = checked.difference(names)
    if remaining == checked:
        return {}
    changes: dict[str, Any] = {CHECKED: " ".join(sorted(remaining)) or None}
    if not remaining:
        changes.update({CHECKED_AT: None} if corrected_columns(row) else {CHECKED_AT: None, REVIEWED_BY: None})
    return changes


def add_correction_columns(layer: QgsVectorLayer, name: str) -> None:
    """Add the columns that a correction of the column `name` needs. Raises OutputError if that is not possible."""
    model_field = QgsField(layer.fields().field(name))
    model_field.setName(result_columns(layer).model_of(name))
    model_field.setAlias("")
    marks = [field_of(column(mark)) for mark in (CORRECTED, CORRECTED_AT, REVIEWED_BY)]
    add_result_columns(layer, [model_field, *marks])


def add_check_columns(layer: QgsVectorLayer) -> None:
    """Add the columns that the mark of a right answer needs. Raises OutputError if that is not possible."""
    add_result_columns(layer, [field_of(column(mark)) for mark in (CHECKED, CHECKED_AT, REVIEWED_BY)])


def corrected_columns(feature: QgsFeature) -> set[str]:
    """Return the names of the corrected columns of a row."""
    return _marked(feature, CORRECTED)


def checked_columns(feature: QgsFeature) -> set[str]:
    """Return the names of the columns of a row that a person found right."""
    return _marked(feature, CHECKED)


def _marked(feature: QgsFeature, mark: str) -> set[str]:
    if not feature.isValid() or feature.fields().indexOf(mark) < 0:
        return set()
    return set(str(null_to_none(feature[mark]) or "").split())


def _reviewer() -> Optional[str]:
    """Return the name of the user, None if QGIS saves new projects without the name of their author."""
    is_anonymous = QgsSettings().value("projects/anonymize_new_projects", False, bool, QgsSettings.Section.Core)
    return None if is_anonymous else QgsApplication.userFullName() or QgsApplication.userLoginName() or None
