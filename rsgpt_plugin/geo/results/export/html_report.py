"""Results as one HTML page with its pictures inside, to read, filter and print anywhere. Writes one file."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Optional

from qgis.PyQt.QtCore import QCoreApplication

from ..display_values import DisplayColumn, Kind, in_words, sureness
from ..inline_picture import inline_picture
from ..layer_rows import LayerRow
from .export_rows import PAGE_POLICY, ExportRows, whole_file

translate = QCoreApplication.translate

_SIDE = 224
_QUALITY = 82

_STYLE = """
body{font:14px/1.45 system-ui,sans-serif;margin:24px;color:#222;background:#fff}
h1{font-size:20px;margin:0 0 4px} .about{color:#666;margin:0 0 16px}
form{display:flex;gap:12px;flex-wrap:wrap;align-items:center;margin:0 0 12px}
input,select{font:inherit;padding:4px 6px} input[type=search]{min-width:280px}
table{border-collapse:collapse;width:100%} th,td{border-bottom:1px solid #ddd;padding:8px;text-align:left;
vertical-align:top} th{background:#f5f5f5;position:sticky;top:0} td.n{text-align:right}
img{display:block;max-width:160px;max-height:160px} .none{color:#999} .p{color:#666;font-size:12px}
.bar{display:block;height:4px;background:#eee;margin-top:4px;min-width:60px} .bar i{display:block;height:4px}
tr.away{display:none} em{font-style:italic}
@media print{body{margin:0;font-size:11px} form{display:none} th{position:static}
tr{break-inside:avoid} thead{display:table-header-group} img{max-width:110px;max-height:110px}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""

_SCRIPT = """
(function(){
 var form=document.forms[0],rows=[].slice.call(document.querySelectorAll('tbody tr')),
     shown=document.getElementById('shown');
 rows.forEach(function(row){row.words=row.textContent.toLowerCase()});
 function filter(){
  var words=form.text.value.toLowerCase().split(/\\s+/),least=form.least.value/100,status=form.status.value,n=0;
  rows.forEach(function(row){
   var sure=row.getAttribute('data-sure');
   var fits=words.every(function(word){return row.words.indexOf(word)>=0})&&
    (!least||(sure!==''&&+sure>=least))&&(!status||row.getAttribute('data-status')===status);
   row.className=fits?'':'away';n+=fits;
  });
  shown.textContent=n+' / '+rows.length;
 }
 form.addEventListener('input',filter);form.addEventListener('submit',function(e){e.preventDefault()});filter();
})();
"""


def write_report(export: ExportRows, path: Path) -> None:
    """Write the page. Every text of the layer is escaped."""
    with whole_file(path) as file:
        _head(file, export)
        for row, _ in export.each():
            file.write(_line(row, export))
        file.write(f"</tbody></table><script>{_SCRIPT}</script></body></html>\n")


def _head(file: IO[str], export: ExportRows) -> None:
    title = html.escape(export.title)
    count = translate("Rsgpt", "Rows: {count}").format(count=len(export.rows))
    labels = [translate("Rsgpt", "Picture"), *(column.label for column in export.columns)]
    heads = "".join(f"<th>{html.escape(label)}</th>" for label in labels)
    file.write(
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{PAGE_POLICY}">'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f'<h1>{title}</h1><p class="about">{html.escape(count)}. {html.escape(_made_by(export))}</p>'
        f"{_form(export)}<table><thead><tr>{heads}</tr></thead><tbody>\n"
    )


def _made_by(export: ExportRows) -> str:
    models = {str(feature[export.model]) for feature in export.features} if export.model else set()
    said = translate("Rsgpt", "What is written here was said by a model ({models}) and may be wrong.")
    return said.format(models=", ".join(sorted(models)))


def _form(export: ExportRows) -> str:
    statuses = sorted({row.status for row in export.rows})
    options = "".join(
        f'<option value="{html.escape(status)}">{html.escape(in_words(status, Kind.STATUS))}</option>'
        for status in statuses
    )
    search = html.escape(translate("Rsgpt", "Search"))
    least = html.escape(translate("Rsgpt", "Least confidence (%)"))
    anything = html.escape(translate("Rsgpt", "Any status"))
    return (
        f'<form><input type="search" name="text" placeholder="{search}" aria-label="{search}">'
        f'<label>{least} <input type="number" name="least" min="0" max="100" value="0"></label>'
        f'<select name="status"><option value="">{anything}</option>{options}</select>'
        '<span id="shown"></span></form>'
    )


def _line(row: LayerRow, export: ExportRows) -> str:
    sure = "" if row.confidence is None else f"{row.confidence:.4f}"
    cells = "".join(_cell(row, number, column) for number, column in enumerate(export.columns))
    picture = _picture(export.picture_of(row))
    return f'<tr data-sure="{sure}" data-status="{html.escape(row.status)}"><td>{picture}</td>{cells}</tr>\n'


def _cell(row: LayerRow, number: int, column: DisplayColumn) -> str:
    text = html.escape(in_words(row.values[number], column.kind))
    if column.name in row.models:
        said = html.escape(in_words(row.models[column.name], column.kind))
        note = html.escape(translate("Rsgpt", "Corrected. The model said:"))
        text = f'<em>{text}</em><div class="p">{note} {said}</div>'
    if column.kind is Kind.STATUS and row.reason:
        text += f'<div class="p">{html.escape(row.reason)}</div>'
    sure = row.values[number] if column.kind is Kind.CONFIDENCE else row.sure[number]
    kind = ' class="n"' if column.kind.is_number else ""
    return f"<td{kind}>{text}{''.join(_bar(sure))}</td>"


def _bar(sure: Optional[float]) -> Iterator[str]:
    if sure is not None:
        name, colour = sureness(sure)
        width = f"{100 * min(1.0, max(0.0, sure)):.0f}%"
        yield f'<span class="bar {name}"><i style="width:{width};background:{colour}"></i></span>'


def _picture(png: Optional[bytes]) -> str:
    address = inline_picture(png, _SIDE, _QUALITY) if png else None
    if address is None:
        return f'<span class="none">{html.escape(translate("Rsgpt", "no picture kept"))}</span>'
    return f'<img alt="" src="{address}">'
