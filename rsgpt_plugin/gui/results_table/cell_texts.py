"""The text and the tooltip of a cell of the results table."""

from __future__ import annotations

import html

from qgis.PyQt.QtCore import QCoreApplication

from ...geo.results.display_values import DisplayColumn, Kind, display_text, review_text
from ...geo.results.layer_rows import LayerRow
from ...shared.results.columns import CHECKED, CORRECTED
from ...shared.text import percent

translate = QCoreApplication.translate


def cell_text(row: LayerRow, number: int, column: DisplayColumn) -> str:
    """Return the text of a cell. The confidence of the model does not apply to a corrected row."""
    if row.models and column.kind is Kind.CONFIDENCE:
        return "–"
    text = display_text(row.values[number], column.kind)
    if column.kind is not Kind.STATUS:
        return text
    # Other answers of the row may still be missing: the status stays, as the filter and the counts use it.
    if row.models:
        return translate("Rsgpt", "{status}, corrected").format(status=text)
    return translate("Rsgpt", "{status}, checked").format(status=text) if row.checked else text


def cell_tooltip(row: LayerRow, number: int, column: DisplayColumn) -> str:
    """Return the tooltip: text, confidence and correction. Escaped, because Qt detects markup in tooltips."""
    lines, confidence = [display_text(row.values[number], column.kind)], row.sure[number]
    if row.models and column.kind is Kind.CONFIDENCE:
        lines = [translate("Rsgpt", "Before the correction: {value}").format(value=lines[0])]
    if column.name in row.models:
        answer = display_text(row.models[column.name], column.kind) or translate("Rsgpt", "nothing")
        corrected = _capitalized(review_text(CORRECTED, row.reviewer))
        lines.append(translate("Rsgpt", "{corrected}. The model said: {said}").format(corrected=corrected, said=answer))
    if column.name in row.checked:
        lines.append(_capitalized(review_text(CHECKED, row.reviewer)))
    if confidence is not None:
        lines.append(translate("Rsgpt", "The model was {share} sure.").format(share=percent(confidence)))
    if column.kind is Kind.STATUS and row.reason:
        lines.append(row.reason)
    return "".join(f"<p>{html.escape(line)}</p>" for line in lines if line)


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
