"""Export as a data set in the layout of RSICap and RSIEval, for training and evaluation."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication

from ....errors import OutputError
from ....shared.answers.answer_types import AnswerType, answer_type
from ....shared.answers.typed_answers import as_text
from ....shared.results.columns import ANSWER, CAPTION, CHECKED, CORRECTED, QUESTION
from ..display_values import DisplayColumn, Kind
from ..layer_rows import LayerRow
from .export_rows import ExportRows, discard, text_file, write_error

translate = QCoreApplication.translate

PICTURES = "images"
CAPTIONS, QUESTIONS = "captions.json", "questions.json"
_MADE_BY = {"made_by": "RSGPT for QGIS"}  # identifies data sets that RSGPT exported


def check_folder(folder: Path) -> None:
    """Raise OutputError if the folder holds a data set that RSGPT did not export."""
    existing = [folder / name for name in (CAPTIONS, QUESTIONS) if (folder / name).exists()]
    if existing and not _is_own_export(folder / CAPTIONS):
        message = translate("Rsgpt", "{path} is not an RSGPT export and would be overwritten. Choose another folder.")
        raise OutputError(message.format(path=existing[0]))


def write_dataset(export: ExportRows, folder: Path) -> int:
    """Write pictures as PNG, `captions.json` like RSICap, and `questions.json` like RSIEval.

    Corrected values replace the model's answers. Return the number of rows that are left out because their pictures are
    no longer stored. Raises OutputError if a file cannot be written.
    """
    captions: list[dict[str, Any]] = []
    questions: list[dict[str, Any]] = []
    left_out = 0
    try:
        (folder / PICTURES).mkdir(parents=True, exist_ok=True)
        for row, _ in export.each():
            png = export.picture_of(row)
            if png is None:
                left_out += 1
                continue
            filename = f"{row.sha256[:16]}.png"
            (folder / PICTURES / filename).write_bytes(png)
            values = {column.means: value for column, value in zip(export.columns, row.values) if column.means}
            captions += _caption_entries(filename, values, row, export)
            questions += _question_entries(filename, values, row, export)
    except OSError as error:
        raise write_error(folder, str(error)) from error
    _write(folder / CAPTIONS, {**_MADE_BY, "annotations": captions})
    if questions:
        _write(folder / QUESTIONS, questions)
    else:
        discard(folder / QUESTIONS)  # of an earlier export
    return left_out


def _is_own_export(path: Path) -> bool:
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(data, dict) and _MADE_BY.items() <= data.items()


def _caption_entries(filename: str, values: dict[str, Any], row: LayerRow, export: ExportRows) -> list[dict[str, Any]]:
    means = ANSWER if _is_clicked_caption(values, row) else CAPTION
    caption = values.get(means)
    if not caption:
        return []
    (column,) = (column for column in export.columns if column.means == means)
    entry = {"filename": filename, "text_input": row.prompt.split("\n", 1)[0], "text_output": str(caption)}
    return [{**entry, **_reviewed(column, row)}]


def _is_clicked_caption(values: dict[str, Any], row: LayerRow) -> bool:
    return QUESTION in values and values[QUESTION] == row.prompt


def _question_entries(filename: str, values: dict[str, Any], row: LayerRow, export: ExportRows) -> list[dict[str, Any]]:
    if _is_clicked_caption(values, row):
        return []
    pairs = [
        {
            "question": _question_text(column, values, row),
            "answer": as_text(values[column.means]),
            "type": _type(column, row),
            **_reviewed(column, row),
        }
        for column in export.columns
        if column.editable and column.means != CAPTION and values[column.means] is not None
    ]
    return [{"filename": filename, "caption": str(values.get(CAPTION) or ""), "qa_pairs": pairs}] if pairs else []


def _reviewed(column: DisplayColumn, row: LayerRow) -> dict[str, str]:
    """Return whether a person corrected the answer or found it right, {} if no person did."""
    if column.name in row.models:
        return {"reviewed": CORRECTED}
    return {"reviewed": CHECKED} if column.name in row.checked else {}


def _question_text(column: DisplayColumn, values: dict[str, Any], row: LayerRow) -> str:
    """Return the text of a column's question: of the run, or of the click."""
    if column.means == ANSWER and values.get(QUESTION):
        return str(values[QUESTION])
    return _question_line(column, row).partition("]: ")[2] or column.label


def _question_line(column: DisplayColumn, row: LayerRow) -> str:
    """Return the line of the prompt that defines the column's question; "" if there is none."""
    prefix = f"{column.means}["
    return next((line for line in row.prompt.splitlines() if line.startswith(prefix)), "")


def _type(column: DisplayColumn, row: LayerRow) -> str:
    """Return the type of the question, by its definition in the prompt, else by the type of the column."""
    name = re.split(r"[\[\](]", _question_line(column, row))[1:2]
    defined = answer_type(name[0]) if name else None
    stored = {Kind.YESNO: AnswerType.YESNO, Kind.WHOLE: AnswerType.INTEGER}.get(column.kind, AnswerType.TEXT)
    return (defined or stored).exported


def _write(path: Path, data: Any) -> None:
    with text_file(path) as file:
        json.dump(data, file, ensure_ascii=False, indent=1)
