"""The building blocks of a report, independent of its output format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """The heading of a section."""

    text: str


@dataclass(frozen=True)
class TextBlock:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table with a header row."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Figure:
    """A drawing; Markdown output leaves it out. svg: an SVG element."""

    title: str
    svg: str


@dataclass(frozen=True)
class PictureCase:
    """One picture with lines of text. picture: JPEG data."""

    name: str
    picture: bytes
    lines: Sequence[str]


@dataclass(frozen=True)
class PictureCases:
    """Pictures shown side by side."""

    items: Sequence[PictureCase]


Block = Heading | TextBlock | Table | Figure | PictureCases
