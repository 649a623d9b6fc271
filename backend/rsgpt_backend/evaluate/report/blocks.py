"""What a report is made of, whatever it is written as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """The start of a part."""

    text: str


@dataclass(frozen=True)
class TextBlock:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows of cells under a header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Figure:
    """A drawing, which a text cannot hold. svg: a whole element."""

    title: str
    svg: str


@dataclass(frozen=True)
class PictureCase:
    """One picture and what was said of it. picture: JPEG."""

    name: str
    picture: bytes
    lines: Sequence[str]


@dataclass(frozen=True)
class PictureCases:
    """Pictures beside each other."""

    items: Sequence[PictureCase]


Block = Heading | TextBlock | Table | Figure | PictureCases
