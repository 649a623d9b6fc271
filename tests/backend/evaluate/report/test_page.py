"""The page is well-formed, holds every block with its text escaped, and needs no other file."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from xml.etree import ElementTree

from rsgpt_backend.evaluate.report.blocks import Block, Figure, Heading, PictureCase, PictureCases, Table, TextBlock
from rsgpt_backend.evaluate.report.page import data_url, page

SVG = "{http://www.w3.org/2000/svg}"
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>'
BLOCKS: list[Block] = [
    Heading("Part <1>"),
    TextBlock("a & b"),
    Table(["Model", "CIDEr"], [["a|b", "1.0"], ["<i>", "-"]]),
    Figure("a <drawing>", DRAWING),
    PictureCases([PictureCase("1&.png", b"\xff\xd8", ["said <this>", "true"])]),
]


def body_of(title: str, blocks: Sequence[Block]) -> ElementTree.Element:
    found = re.search(r"<body>.*</body>", page(title, blocks), re.DOTALL)
    assert found is not None
    return ElementTree.fromstring(found.group())


def texts(body: ElementTree.Element, tag: str) -> list[str | None]:
    return [element.text for element in body.iter(tag)]


def test_text_of_every_block_is_escaped_and_complete() -> None:
    body = body_of("A <title>", BLOCKS)
    assert (texts(body, "h1"), texts(body, "h2")) == (["A <title>"], ["Part <1>"])
    assert (texts(body, "th"), texts(body, "td")) == (["Model", "CIDEr"], ["a|b", "1.0", "<i>", "-"])
    assert texts(body, "p") == ["a & b", "1&.png", "said <this>", "true"]
    assert texts(body, "figcaption") == ["a <drawing>"]
    assert body.find(f".//figure/{SVG}svg/{SVG}rect") is not None


def test_the_page_needs_nothing_else() -> None:
    text = page("A <title>", BLOCKS)
    assert "<title>A &lt;title&gt;</title>" in text
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert not re.search(r"@import|url\(|<script", text)


def test_header_and_rows_are_apart() -> None:
    table = body_of("T", [Table(["a"], [["1"], ["2"]])]).find("table")
    assert table is not None
    assert [len(table.findall(path)) for path in ("thead/tr", "tbody/tr")] == [1, 2]


def test_pictures_are_in_the_page_with_their_lines() -> None:
    body = body_of("T", [PictureCases([PictureCase("1", b"a", []), PictureCase("2", b"b", ["x"])])])
    sections = [*body.iter("section")]
    assert [section.find("img").get("src") for section in sections] == [data_url(b"a"), data_url(b"b")]  # type: ignore[union-attr]  # is there
    assert [texts(section, "p") for section in sections] == [["1"], ["2", "x"]]


def test_a_data_url_holds_the_bytes() -> None:
    head, _, data = data_url(b"\xff\xd8\x00").partition(",")
    assert (head, base64.b64decode(data)) == ("data:image/jpeg;base64", b"\xff\xd8\x00")


def test_a_report_without_blocks_is_its_title() -> None:
    assert [element.tag for element in body_of("T", [])] == ["h1"]
