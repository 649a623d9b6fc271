"""A report as Markdown: every block but drawings, with table cells on one line."""

from __future__ import annotations

from rsgpt_backend.evaluate.report.blocks import Block, Figure, Heading, PictureCase, PictureCases, Table, TextBlock
from rsgpt_backend.evaluate.report.markdown import markdown


def test_markdown() -> None:
    blocks: list[Block] = [
        Heading("Part <1>"),
        TextBlock("a & b"),
        Table(["Model", "CIDEr"], [["a|b", "1.0"], ["<i>", "-"]]),
        Figure("a drawing", "<svg></svg>"),
        PictureCases([PictureCase("1.png", b"\xff\xd8", ["said <this>", "true"])]),
    ]
    assert markdown("T", blocks).split("\n\n") == [
        "# T",
        "## Part <1>",
        "a & b",
        "| Model | CIDEr |\n| --- | --- |\n| a\\|b | 1.0 |\n| <i> | - |",
        "- `1.png`: said <this>; true\n",
    ]


def test_a_report_without_blocks_is_its_title() -> None:
    assert markdown("T", []) == "# T\n"


def test_a_cell_of_several_lines_stays_in_its_row() -> None:
    assert markdown("T", [Table(["a\nb"], [["c\nd|e"]])]).splitlines()[2:] == ["| a b |", "| --- |", "| c d\\|e |"]


def test_a_table_without_rows_has_a_header() -> None:
    assert markdown("T", [Table(["a", "b"], [])]).splitlines()[2:] == ["| a | b |", "| --- | --- |"]


def test_each_picture_is_an_item() -> None:
    cases = PictureCases([PictureCase("1.png", b"", ["a"]), PictureCase("2.png", b"", [])])
    assert markdown("T", [cases]).splitlines()[2:] == ["- `1.png`: a", "- `2.png`: "]
