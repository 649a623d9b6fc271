"""Results as a data set in RSICap's layout, to train and evaluate with. Writes a folder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication

from ....errors import OutputError
from ....shared.answers.answer_types import AnswerType, answer_type
from ....shared.answers.typed_answers import as_text
from ....shared.results.columns import ANSWER, CAPTION, QUESTION
from ..display_values import DisplayColumn, Kind
from ..layer_rows import LayerRow
from .export_rows import ExportRows, discard, unwritable, whole_file

translate = QCoreApplication.translate

PICTURES = "images"
CAPTIONS, QUESTIONS = "captions.json", "questions.json"
_MADE_BY = {"made_by": "RSGPT for QGIS"}  # by which an earlier data set of ours is known


def check_folder(folder: Path) -> None:
    """OutputError where a data set lies there that is not an export of ours."""
    there = [folder / name for name in (CAPTIONS, QUESTIONS) if (folder / name).exists()]
    if there and not _is_ours(folder / CAPTIONS):
        sentence = translate("Rsgpt", "{path} is not an export of ours and would be replaced. Choose another folder.")
        raise OutputError(sentence.format(path=there[0]))


def write_dataset(export: ExportRows, folder: Path) -> int:
    """Write pictures as PNG, `captions.json` as RSICap's and `questions.json` as RSIEval's; a person's corrections

    stand in place of the model's words. Return how many rows were left out, as their pictures are no longer kept.
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
            captions += _captioned(filename, values, row)
            questions += _questioned(filename, values, row, export)
    except OSError as error:
        raise unwritable(folder, str(error)) from error
    _write(folder / CAPTIONS, {**_MADE_BY, "annotations": captions})
    if questions:
        _write(folder / QUESTIONS, questions)
    else:
        discard(folder / QUESTIONS)  # an earlier export's
    return left_out


def _is_ours(path: Path) -> bool:
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(data, dict) and _MADE_BY.items() <= data.items()


def _captioned(filename: str, values: dict[str, Any], row: LayerRow) -> list[dict[str, Any]]:
    said = values.get(ANSWER if _is_clicked_caption(values, row) else CAPTION)
    if not said:
        return []
    return [{"filename": filename, "text_input": row.prompt.split("\n", 1)[0], "text_output": str(said)}]


def _is_clicked_caption(values: dict[str, Any], row: LayerRow) -> bool:
    return QUESTION in values and values[QUESTION] == row.prompt


def _questioned(filename: str, values: dict[str, Any], row: LayerRow, export: ExportRows) -> list[dict[str, Any]]:
    if _is_clicked_caption(values, row):
        return []
    pairs = [
        {
            "question": _words(column, values, row),
            "answer": as_text(values[column.means]),
            "type": _type(column, row),
        }
        for column in export.columns
        if column.editable and column.means != CAPTION and values[column.means] is not None
    ]
    return [{"filename": filename, "caption": str(values.get(CAPTION) or ""), "qa_pairs": pairs}] if pairs else []


def _words(column: DisplayColumn, values: dict[str, Any], row: LayerRow) -> str:
    """What was asked for a column: the run's question of that name, or a click's own."""
    if column.means == ANSWER and values.get(QUESTION):
        return str(values[QUESTION])
    return _line(column, row).partition("]: ")[2] or column.label


def _line(column: DisplayColumn, row: LayerRow) -> str:
    """The run's question of that name as a line; empty where the row names none."""
    begin = f"{column.means}["
    return next((line for line in row.prompt.splitlines() if line.startswith(begin)), "")


def _type(column: DisplayColumn, row: LayerRow) -> str:
    """The kind of question: by the type that the run's question has, otherwise by what the column stores."""
    name = re.split(r"[\[\](]", _line(column, row))[1:2]
    known = answer_type(name[0]) if name else None
    stored = {Kind.YESNO: AnswerType.YESNO, Kind.NUMBER: AnswerType.INTEGER}.get(column.kind, AnswerType.TEXT)
    return (known or stored).exported


def _write(path: Path, data: Any) -> None:
    with whole_file(path) as file:
        json.dump(data, file, ensure_ascii=False, indent=1)
