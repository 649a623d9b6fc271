"""Blocks are frozen values, and both formats write every kind of block."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import get_args

import pytest

from rsgpt_backend.evaluate.report.blocks import Block, Figure, Heading, PictureCase, PictureCases, Table, TextBlock
from rsgpt_backend.evaluate.report.markdown import markdown
from rsgpt_backend.evaluate.report.page import page

EXAMPLES: tuple[Block, ...] = (
    Heading("head1"),
    TextBlock("text1"),
    Table(["column1"], [["cell1"]]),
    Figure("figure1", "<svg></svg>"),
    PictureCases([PictureCase("case1", b"\xff\xd8", ["line1"])]),
)


def test_every_kind_of_block_is_written() -> None:
    assert {type(block) for block in EXAMPLES} == set(get_args(Block))
    words = ["head1", "text1", "column1", "cell1", "figure1", "case1", "line1"]
    assert [word for word in words if word not in page("T", EXAMPLES)] == []
    assert [word for word in words if word not in markdown("T", EXAMPLES)] == ["figure1"]


def test_blocks_compare_by_value_and_cannot_be_changed() -> None:
    assert Heading("a") == Heading("a") != Heading("b")
    with pytest.raises(FrozenInstanceError):
        Heading("a").text = "b"  # type: ignore[misc]  # that is tested
