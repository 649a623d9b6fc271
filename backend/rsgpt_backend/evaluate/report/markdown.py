"""Reports as Markdown, without charts and pictures."""

from __future__ import annotations

from collections.abc import Sequence

from .blocks import Block, Figure, Heading, PictureCases, Table, TextBlock


def markdown(title: str, blocks: Sequence[Block]) -> str:
    """Return the report as Markdown."""
    return "\n\n".join([f"# {title}", *filter(None, map(_block, blocks))]) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(text):
            return f"## {text}"
        case TextBlock(text):
            return text
        case Table(header, rows):
            lines = [header, ["---"] * len(header), *rows]
            return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)
        case PictureCases(items):
            return "\n".join(f"- `{case.name}`: " + "; ".join(case.lines) for case in items)
        case Figure():
            return ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
