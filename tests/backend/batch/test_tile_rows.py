"""Rows: columns, types, status and reason for each kind of result."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from rsgpt_backend.batch.journal import TileResult
from rsgpt_backend.batch.tile_pictures import RasterPlan, TilingOptions, make_plan
from rsgpt_backend.batch.tile_rows import BatchQuestions, RowBuilder
from rsgpt_plugin.shared.answers.questions import parse_questions
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer
from tests.backend.batch.rasters import numbered, write

QUESTIONS = tuple(parse_questions("water[yesno]: Is there water?\ncars[integer]: How many cars?"))
BUILDER = RowBuilder(BatchQuestions("m", "w" * 64, "Describe it.", QUESTIONS), (1, 2, 3))
MOMENT = "2026-01-02T03:04:05.678+00:00"


@pytest.fixture
def plan(tmp_path: Path) -> RasterPlan:
    return make_plan(str(write(tmp_path / "a.tif", numbered(64, 64, 32))), TilingOptions(32))


def raw(text: str, confidence: float = 0.8, moment: str = MOMENT, problem: str = "") -> RawAnswer:
    return RawAnswer(text, confidence, asked_at=moment, problem=problem)


def row(plan: RasterPlan, result: TileResult, builder: RowBuilder = BUILDER) -> dict[str, Any]:
    """Return the row of a tile as a table would hold it."""
    (only,) = pa.Table.from_pylist(list(builder.rows(plan, [result])), builder.schema).to_pylist()
    return dict(only)


def result(caption: RawAnswer, water: RawAnswer, cars: RawAnswer) -> TileResult:
    return TileResult(1, 0, "s" * 64, 0.5, answers={1: caption, 2: water, 3: cars})


def test_an_answered_tile_has_all_values(plan: RasterPlan) -> None:
    later = "2026-01-02T03:04:06.000+00:00"
    values = row(plan, result(raw("A road."), raw("yes", 0.7, later), raw("three")))
    assert values == {
        "caption": "A road.", "confidence": 0.8, "water": True, "water_confidence": 0.7, "cars": 3,
        "cars_confidence": 0.8, "status": "answered", "reason": None, "model": "m", "weights_sha256": "w" * 64,
        "model_fingerprint": "", "answered_by": None,
        "prompt": "Describe it.\nwater[yesno]: Is there water?\ncars[integer]: How many cars?",
        "image_sha256": "s" * 64, "gsd_m": 0.5, "bands": "1,2,3", "stretch": "none",
        "asked_at": datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC), "plugin_version": values["plugin_version"],
        "raster": plan.source,
    }  # fmt: skip
    assert values["plugin_version"]


def test_a_partly_answered_tile_is_partial(plan: RasterPlan) -> None:
    values = row(plan, result(raw("A road."), raw("a road"), raw("", problem="The model failed.")))
    assert (values["status"], values["water"], values["cars"]) == ("partial", None, None)
    assert values["reason"] == "water: 'a road' is neither yes nor no; cars: The model failed."


def test_only_the_shipped_model_has_its_limits(plan: RasterPlan) -> None:
    why = (*QUESTIONS[:1], *parse_questions("cars: Why are there cars?"))
    shipped, trained = (BatchQuestions("rsgpt-small", "w", "A.", why, is_shipped=is_it) for is_it in (True, False))
    told = result(raw("A road."), raw("yes"), raw("a market"))
    values = row(plan, told, RowBuilder(shipped, (1, 2, 3)))
    assert (values["status"], values["water"], values["cars"]) == ("partial", True, None)
    assert values["reason"] == (
        "cars: rsgpt-small cannot tell a reason from a picture; "
        "the picture has only 32 pixels per side; rsgpt-small needs about 64"
    )
    values = row(plan, told, RowBuilder(trained, (1, 2, 3)))
    assert (values["status"], values["cars"], values["reason"]) == ("answered", "a market", None)


def test_a_tile_without_a_usable_answer_is_failed(plan: RasterPlan) -> None:
    values = row(plan, result(raw(""), raw("a road"), raw("many")))
    assert (values["status"], values["caption"], values["confidence"]) == ("failed", None, None)


def test_answers_below_the_minimum_confidence_are_empty(plan: RasterPlan) -> None:
    builder = RowBuilder(BatchQuestions("m", "w", "", QUESTIONS, 0.9), (2, 3))
    unsure = TileResult(1, 0, "s", 0.5, answers={2: raw("yes", 0.6), 3: raw("3", 0.7)})
    values = row(plan, unsure, builder)
    assert (values["status"], values["water"], values["water_confidence"], values["confidence"]) == (
        "unsure",
        None,
        0.6,
        0.6,
    )
    assert values["reason"].startswith("water: I can't tell ('yes' would be 60 % sure)")


def test_without_a_caption_the_confidence_is_the_lowest_of_the_answers(plan: RasterPlan) -> None:
    values = row(plan, TileResult(1, 0, "s", 0.5, answers={2: raw("yes", 0.6), 3: raw("3", 0.7)}),
                RowBuilder(BatchQuestions("m", "w", "", QUESTIONS), (2, 3)))  # fmt: skip
    assert (values["caption"], values["confidence"]) == (None, 0.6)


def test_skipped_and_failed_tiles(plan: RasterPlan) -> None:
    skipped = row(plan, TileResult(1, 0, "s" * 64, 0.5, "no valid pixel here"))
    assert (skipped["status"], skipped["reason"], skipped["gsd_m"]) == ("skipped", "no valid pixel here", 0.5)
    failed = row(plan, TileResult(1, 0, failed="unreadable"))
    assert (failed["status"], failed["reason"], failed["image_sha256"], failed["bands"]) == (
        "failed", "unreadable", None, None
    )  # fmt: skip


def test_a_result_is_complete_if_nothing_is_left_to_ask() -> None:
    assert BUILDER.is_complete(result(raw("a"), raw("yes"), raw("3")))
    assert BUILDER.is_complete(TileResult(1, 0, failed="unreadable"))
    assert BUILDER.is_complete(TileResult(1, 0, "s", 0.5, "no valid pixel here"))
    assert not BUILDER.is_complete(TileResult(1, 0, "s", 0.5, answers={1: raw("a"), 3: raw("3")}))


def test_two_questions_with_the_same_text_share_an_answer(plan: RasterPlan) -> None:
    twice = tuple(parse_questions("a[yesno]: Is there water?\nb[text]: Is there water?"))
    values = row(
        plan,
        TileResult(1, 0, "s", 0.5, answers={2: raw("yes")}),
        RowBuilder(BatchQuestions("m", "w", "", twice), (2, 2)),
    )
    assert (values["a"], values["b"]) == (True, "yes")
