"""QGIS templates and expressions for map tips and labels of results. Texts of the model are escaped in tips."""

from __future__ import annotations

from qgis.core import QgsExpression, QgsFields
from qgis.PyQt.QtCore import QCoreApplication

from ....shared.results import columns as table
from ....shared.results.columns import CHECKED, CORRECTED, REVIEWED_BY
from ..column_roles import Answered, ResultColumns
from ..display_values import review_text, yes_or_no
from ..schema import is_yes_or_no

translate = QCoreApplication.translate

_LABELED_ANSWERS = 4
_LONGEST_LABEL = 80


def picture_tag(columns: ResultColumns) -> str:
    """Return the template of the row's picture; it is empty without a stored picture or without this plugin."""
    if "image_sha256" not in columns.known:
        return ""
    column = QgsExpression.quotedColumnRef(columns.known["image_sha256"])
    # Inside eval(), as QGIS would show the template text if the function is not registered.
    call = QgsExpression.quotedString(f"rsgpt_picture({column})")
    return f"[% coalesce('<img src=\"' || eval({call}) || '\">', '') %]"


def map_tip(columns: ResultColumns, fields: QgsFields) -> str:
    """Return the template of a map tip: picture, caption or object, answers with confidence, and reasons."""
    # The picture of an object is a window that may show many.
    lines = [] if columns.holds_objects else [f"<p>{picture_tag(columns)}</p>"]
    if "question" in columns.known:
        lines.append(f"<p><i>[% {_escaped(_column(columns.known['question']))} %]</i></p>")
    text = columns.text or columns.known.get(table.OBJECT)
    if text:
        certainty = _certainty(text, columns.known.get("confidence", ""))
        lines.append(f"<p><b>[% {_escaped(_column(text))} %]</b>[% {certainty} %]</p>")
    if columns.questions:
        lines.append("<p>" + "".join(_answer_line(answered, fields) for answered in columns.questions) + "</p>")
    plain = columns.present([column.name for column in table.COLUMNS if column.in_tip])
    lines += [f"<p>[% {_escaped(_column(name))} %]</p>" for name in plain]
    return '<div style="max-width: 24em; font-family: sans-serif">\n{}\n</div>'.format("\n".join(lines))


def caption_label(columns: ResultColumns) -> str:
    """Return the expression of a caption label. Long captions are cut at the end of a word."""
    text = _column(columns.text or "")
    cut = f"regexp_replace({text}, '(?s)^(.{{20,{_LONGEST_LABEL - 4}}})[\\\\s,.;].*$', '\\\\1 …')"
    return f"if(length({text}) > {_LONGEST_LABEL}, {cut}, {text})"


def answers_label(columns: ResultColumns, fields: QgsFields) -> str:
    """Return the expression of a label with the first answers of a row; empty if there are no questions."""
    parts = [
        f"{_quoted(answered.name + ': ')} || {_value(answered.name, fields)}"
        for answered in columns.questions[:_LABELED_ANSWERS]
    ]
    return f"array_to_string(array_remove_all(array({', '.join(parts)}), NULL), '\\n')" if parts else "''"


def _answer_line(answered: Answered, fields: QgsFields) -> str:
    value = _value(answered.name, fields)
    return (
        f"[% {_escaped(_quoted(answered.name))} %]: [% {_escaped(f'coalesce({value}, {_unknown()})')} %]"
        f"[% {_certainty(answered.name, answered.confidence)} %]<br>"
    )


def _value(name: str, fields: QgsFields) -> str:
    column = _column(name)
    if not is_yes_or_no(fields.field(name)):
        return f"to_string({column})"
    yes, no = (QgsExpression.quotedString(yes_or_no(value)) for value in (True, False))
    return f"CASE WHEN {column} THEN {yes} WHEN NOT {column} THEN {no} END"


def _certainty(name: str, confidence: str) -> str:
    """Return the expression of what is known about an answer: its confidence, or who corrected or checked it."""
    sure = f"to_string(try(round(100 * {_column(confidence)}))) || ' %'" if confidence else "NULL"
    known = f"if({is_marked(name, CORRECTED)}, {reviewed(CORRECTED)}, {sure})"
    checked = f"if({is_marked(name, CHECKED)}, {reviewed(CHECKED)}, NULL)"
    parts = f"array_to_string(array_remove_all(array({known}, {checked}), NULL), ', ')"
    return f"coalesce(' (' || nullif({_escaped(parts)}, '') || ')', '')"


def is_marked(name: str, mark: str) -> str:
    """Return the expression whether a person corrected or checked (mark) the column `name` of a row.

    It is false in a layer without such columns, which are added later.
    """
    return f"array_contains(string_to_array(coalesce(attribute('{mark}'), ''), ' '), {_quoted(name)})"


def reviewed(mark: str) -> str:
    """Return the expression of the text “corrected by …” or “checked by …”, without a name if it is unknown."""
    named = f"replace({_quoted(review_text(mark, '{name}'))}, '{{name}}', attribute('{REVIEWED_BY}'))"
    return f"coalesce({named}, {_quoted(review_text(mark, None))})"


def _unknown() -> str:
    return QgsExpression.quotedString(translate("Rsgpt", "no answer"))


def _column(name: str) -> str:
    # The name of a column in another person's file may hold the end of an expression in a template.
    return QgsExpression.quotedColumnRef(name) if "%]" not in name else f"attribute({_quoted(name)})"


def _quoted(text: str) -> str:
    return QgsExpression.quotedString(text).replace("%]", "%' || ']")


def _escaped(expression: str) -> str:
    return f"replace(coalesce({expression}, ''), map('&', '&amp;', '<', '&lt;', '>', '&gt;'))"
