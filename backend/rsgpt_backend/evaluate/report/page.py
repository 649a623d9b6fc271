"""Reports as a self-contained HTML page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from .blocks import Block, Figure, Heading, PictureCase, PictureCases, Table, TextBlock

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; color: #1b1f24;
  background: #fff }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2.5rem; border-bottom: 1px solid #d5d9de }
table { border-collapse: collapse; display: block; margin: 1rem 0; overflow-x: auto }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid #e3e6ea }
th { color: #57606a; white-space: nowrap } td:first-child { min-width: 8rem }
th:first-child, td:first-child { text-align: left }
figure { display: inline-grid; margin: 1rem 1.5rem 1rem 0; grid-template-columns: min-content }
figcaption { color: #57606a }
svg { font: 12px system-ui, sans-serif; fill: #1b1f24 } svg line { stroke: #1b1f24 } .grid { stroke: #e3e6ea }
.ideal { stroke-dasharray: 4 4 } .bar, .point { fill: #2f7d6b } .point { opacity: .75 }
.curve { fill: none; stroke: #2f7d6b; stroke-width: 2.5 }
.cases { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: 1.2rem }
.cases img { width: 100%; border-radius: 4px } .cases p { margin: .3rem 0; font-size: .85rem; overflow-wrap: anywhere }
.cases .name { color: #57606a }
"""


def page(title: str, blocks: Sequence[Block]) -> str:
    """Return the report as HTML."""
    body = "\n".join(map(_block, blocks))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def data_url(picture: bytes) -> str:
    """Return the data URL of a JPEG."""
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode('ascii')}"


def _block(block: Block) -> str:
    match block:
        case Heading(text):
            return f"<h2>{escape(text)}</h2>"
        case TextBlock(text):
            return f"<p>{escape(text)}</p>"
        case Table(header, rows):
            body = "\n".join(_row("td", row) for row in rows)
            return f"<table>\n<thead>{_row('th', header)}</thead>\n<tbody>\n{body}\n</tbody>\n</table>"
        case Figure(title, svg):
            return f"<figure>{svg}<figcaption>{escape(title)}</figcaption></figure>"
        case PictureCases(items):
            return '<div class="cases">\n' + "\n".join(map(_case, items)) + "\n</div>"


def _row(tag: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _case(case: PictureCase) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in case.lines)
    picture = f'<img src="{data_url(case.picture)}" alt=""/>'
    return f'<section>{picture}<p class="name">{escape(case.name)}</p>{lines}</section>'
