"""Rows: columns, types, status and reasons, for each thing that can become of a tile."""

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
READING = RowBuilder(BatchQuestions("m", "w" * 64, "Describe it.", QUESTIONS), (1, 2, 3))
MOMENT = "2026-01-02T03:04:05.678+00:00"


@pytest.fixture
def plan(tmp_path: Path) -> RasterPlan:
    return make_plan(str(write(tmp_path / "a.tif", numbered(64, 64, 32))), TilingOptions(32))


def raw(text: str, confidence: float = 0.8, moment: str = MOMENT, problem: str = "") -> RawAnswer:
    return RawAnswer(text, confidence, asked_at=moment, problem=problem)


def row(plan: RasterPlan, found: TileResult, reading: RowBuilder = READING) -> dict[str, Any]:
    """The row as a table would hold it."""
    (only,) = pa.Table.from_pylist(list(reading.rows(plan, [found])), reading.schema).to_pylist()
    return dict(only)


def told(caption: RawAnswer, water: RawAnswer, cars: RawAnswer) -> TileResult:
    return TileResult(1, 0, "s" * 64, 0.5, answers={1: caption, 2: water, 3: cars})


def test_a_whole_answer(plan: RasterPlan) -> None:
    later = "2026-01-02T03:04:06.000+00:00"
    found = row(plan, told(raw("A road."), raw("yes", 0.7, later), raw("three")))
    assert found == {
        "caption": "A road.", "confidence": 0.8, "water": True, "water_confidence": 0.7, "cars": 3,
        "cars_confidence": 0.8, "status": "answered", "reason": None, "model": "m", "weights_sha256": "w" * 64,
        "model_fingerprint": "",
        "prompt": "Describe it.\nwater[yesno]: Is there water?\ncars[integer]: How many cars?",
        "image_sha256": "s" * 64, "gsd_m": 0.5, "bands": "1,2,3", "stretch": "none",
        "asked_at": datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC), "plugin_version": found["plugin_version"],
        "raster": plan.source,
    }  # fmt: skip
    assert found["plugin_version"]


def test_part_of_an_answer(plan: RasterPlan) -> None:
    found = row(plan, told(raw("A road."), raw("a road"), raw("", problem="The model failed.")))
    assert (found["status"], found["water"], found["cars"]) == ("partial", None, None)
    assert found["reason"] == "water: 'a road' is neither yes nor no; cars: The model failed."


def test_no_answer(plan: RasterPlan) -> None:
    found = row(plan, told(raw(""), raw("a road"), raw("many")))
    assert (found["status"], found["caption"], found["confidence"]) == ("failed", None, None)


def test_answers_that_are_not_sure_enough(plan: RasterPlan) -> None:
    reading = RowBuilder(BatchQuestions("m", "w", "", QUESTIONS, 0.9), (2, 3))
    unsure = TileResult(1, 0, "s", 0.5, answers={2: raw("yes", 0.6), 3: raw("3", 0.7)})
    found = row(plan, unsure, reading)
    assert (found["status"], found["water"], found["water_confidence"], found["confidence"]) == (
        "unsure",
        None,
        0.6,
        0.6,
    )
    assert found["reason"].startswith("water: I can't tell ('yes' would be 60% sure)")


def test_without_a_caption_the_least_sure_answer_counts(plan: RasterPlan) -> None:
    found = row(plan, TileResult(1, 0, "s", 0.5, answers={2: raw("yes", 0.6), 3: raw("3", 0.7)}),
                RowBuilder(BatchQuestions("m", "w", "", QUESTIONS), (2, 3)))  # fmt: skip
    assert (found["caption"], found["confidence"]) == (None, 0.6)


def test_skipped_and_failed_tiles(plan: RasterPlan) -> None:
    skipped = row(plan, TileResult(1, 0, "s" * 64, 0.5, "no valid pixel here"))
    assert (skipped["status"], skipped["reason"], skipped["gsd_m"]) == ("skipped", "no valid pixel here", 0.5)
    failed = row(plan, TileResult(1, 0, failed="unreadable"))
    assert (failed["status"], failed["reason"], failed["image_sha256"], failed["bands"]) == (
        "failed", "unreadable", None, None
    )  # fmt: skip


def test_what_is_whole() -> None:
    assert READING.is_whole(told(raw("a"), raw("yes"), raw("3")))
    assert READING.is_whole(TileResult(1, 0, failed="unreadable"))
    assert READING.is_whole(TileResult(1, 0, "s", 0.5, "no valid pixel here"))
    assert not READING.is_whole(TileResult(1, 0, "s", 0.5, answers={1: raw("a"), 3: raw("3")}))


def test_two_questions_of_the_same_words_share_an_answer(plan: RasterPlan) -> None:
    twice = tuple(parse_questions("a[yesno]: Is there water?\nb[text]: Is there water?"))
    found = row(
        plan,
        TileResult(1, 0, "s", 0.5, answers={2: raw("yes")}),
        RowBuilder(BatchQuestions("m", "w", "", twice), (2, 2)),
    )
    assert (found["a"], found["b"]) == (True, "yes")
