"""Batch runs: counts, resuming, changed questions, several rasters, stops and failures."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely

from rsgpt_backend.batch.batch_run import BatchCounts, BatchRun, Executor
from rsgpt_backend.batch.journal import BatchJournal, TileResult
from rsgpt_backend.batch.local_executor import BatchJob, answered
from rsgpt_backend.batch.tile_pictures import TilingOptions, make_plan
from rsgpt_backend.batch.tile_rows import BatchQuestions
from rsgpt_backend.errors import ImageError, UsageError
from rsgpt_backend.predictor import Answer, Ask
from rsgpt_plugin.shared.answers.questions import parse_questions
from tests.backend.batch.rasters import OddGeoTiff, numbered, write
from tests.backend.batch.test_tile_answers import WatchedEngine
from tests.fakes.fake_engine import Script

TILES = 80
FIRST = 64  # tiles of the first batch, with a caption and a question
QUESTION = "number[integer]: Which number?"
SCRIPT = Script(reply="{number}", replies={"Describe": "Tile {number}."})


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    return write(tmp_path / "a.tif", numbered(320, 256, 32))


def run(
    out: Path,
    rasters: list[Path],
    engine: WatchedEngine,
    questions: tuple[str, ...] = (QUESTION,),
    executor: Executor | None = None,
) -> BatchCounts:
    plans = [make_plan(str(path), TilingOptions(32)) for path in rasters]
    asking = BatchQuestions("fake", "f" * 64, "Describe it.", tuple(parse_questions("\n".join(questions))))
    with BatchRun(plans, asking, out) as batch_run:
        with suppress(KeyboardInterrupt):
            batch_run.ask(executor or partial(_local, engine))
        return batch_run.write()


def _local(engine: WatchedEngine, work: BatchJob, journal: BatchJournal) -> Generator[list[TileResult]]:
    return answered(work, lambda: engine, journal)


def rows(path: Path) -> list[dict[str, Any]]:
    table = pyogrio.read_arrow(path)[1]
    return list(table.to_pylist())


def watched() -> WatchedEngine:
    return WatchedEngine(SCRIPT)


def test_every_tile_has_a_row_with_its_polygon(raster: Path, tmp_path: Path) -> None:
    counts = run(tmp_path / "out.gpkg", [raster], watched())
    assert (counts.tiles, counts.answered, counts.skipped, counts.failed, counts.cached) == (TILES, TILES, 0, 0, 0)
    result_rows = rows(tmp_path / "out.gpkg")
    assert [row["number"] for row in result_rows] == list(range(1, TILES + 1))
    assert [row["caption"] for row in result_rows] == [f"Tile {number}." for number in range(1, TILES + 1)]
    assert shapely.bounds(shapely.from_wkb(result_rows[11]["geom"])).tolist() == [
        500016.0,
        3999968.0,
        500032.0,
        3999984.0,
    ]


def test_a_second_run_asks_nothing_and_writes_the_same(raster: Path, tmp_path: Path) -> None:
    run(tmp_path / "out.gpkg", [raster], watched())
    before, engine = rows(tmp_path / "out.gpkg"), watched()
    counts = run(tmp_path / "out.gpkg", [raster], engine)
    assert (counts.answered, counts.cached, engine.batches) == (TILES, 2 * TILES, [])
    assert rows(tmp_path / "out.gpkg") == before


def test_only_a_changed_question_is_asked(raster: Path, tmp_path: Path) -> None:
    run(tmp_path / "out.gpkg", [raster], watched())
    engine = watched()
    counts = run(tmp_path / "out.gpkg", [raster], engine, ("other[text]: Which other?",))
    assert {prompt for batch in engine.batches for prompt in batch} == {"Which other?"}
    assert (sum(map(len, engine.batches)), counts.cached) == (TILES, TILES)
    assert "number" not in rows(tmp_path / "out.gpkg")[0]


def test_a_stopped_run_writes_its_rows_and_is_resumed(raster: Path, tmp_path: Path) -> None:
    def stopping(work: BatchJob, journal: BatchJournal) -> Generator[list[TileResult]]:
        batch = next(_local(watched(), work, journal))
        assert len(batch) == FIRST
        yield batch
        raise KeyboardInterrupt

    out = tmp_path / "out.gpkg"
    counts = run(out, [raster], watched(), executor=stopping)
    assert (counts.tiles, counts.answered, len(rows(out))) == (TILES, FIRST, FIRST)
    engine = watched()
    counts = run(out, [raster], engine)
    assert (counts.answered, counts.cached) == (TILES, 2 * FIRST)
    assert sum(map(len, engine.batches)) == 2 * (TILES - FIRST)
    assert [row["number"] for row in rows(out)] == list(range(1, TILES + 1))


def test_a_geopackage_describes_its_run(raster: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.gpkg"
    run(out, [raster], watched())
    with closing(sqlite3.connect(out)) as database:
        (text,) = database.execute("SELECT description FROM gpkg_contents").fetchone()
    head, *lines = text.splitlines()
    assert head.startswith("Written by RSGPT for QGIS")
    assert lines[:3] == ["Raster: a.tif", "Model: fake", "Prompts:"]
    assert "number[integer]: Which number?" in lines
    assert str(tmp_path) not in text


def test_several_rasters_share_an_output_in_the_crs_of_the_first(raster: Path, tmp_path: Path) -> None:
    degrees = OddGeoTiff((-117.0, 5e-6, 0.0, 36.14, 0.0, -5e-6), "EPSG:4326")
    second = write(tmp_path / "b.tif", numbered(64, 64, 32) + 1, degrees)
    counts = run(tmp_path / "out.parquet", [raster, second], watched())
    assert counts.answered == TILES + 4
    import pyarrow.parquet as pq

    result_rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["raster"] for row in result_rows] == [str(raster)] * TILES + [str(second)] * 4
    bounds = shapely.bounds(shapely.from_wkb([row["geometry"] for row in result_rows[TILES:]]))
    assert abs(bounds[:, 0] - 500000).max() < 100  # 117 degrees west is the central meridian of the zone
    assert abs(bounds[:, 1] - 4e6).max() < 1000


def test_failures_have_rows_and_are_asked_again(raster: Path, tmp_path: Path) -> None:
    faulty = WatchedEngine(Script(faults={"Which": "error"}))
    counts = run(tmp_path / "out.gpkg", [raster], faulty)
    assert (counts.answered, counts.failed) == (TILES, 0)
    assert {(row["status"], row["number"]) for row in rows(tmp_path / "out.gpkg")} == {("partial", None)}
    engine = watched()
    counts = run(tmp_path / "out.gpkg", [raster], engine)
    assert (counts.cached, sum(map(len, engine.batches))) == (TILES, TILES)
    assert {row["status"] for row in rows(tmp_path / "out.gpkg")} == {"answered"}


def test_a_question_that_always_fails_has_the_same_rows_in_every_run(raster: Path, tmp_path: Path) -> None:
    def asked() -> tuple[BatchCounts, list[tuple[str, str]]]:
        engine = WatchedEngine(Script(faults={"Which": "error"}))
        counts = run(tmp_path / "out.gpkg", [raster], engine)
        return counts, [(row["status"], row["reason"]) for row in rows(tmp_path / "out.gpkg")]

    (first, rows_before), (second, rows_after) = asked(), asked()
    assert set(rows_before) == {("partial", "number: The scripted model failed; ask something else.")}
    assert rows_after == rows_before
    assert (second.answered, second.failed, second.cached) == (first.answered, first.failed, TILES)


def test_a_confidence_that_is_not_finite_is_a_partial_row(raster: Path, tmp_path: Path) -> None:
    class Overflowing(WatchedEngine):
        """Computes NaN for one picture."""

        def answer(self, asks: Sequence[Ask]) -> list[Answer]:
            answers = super().answer(asks)
            return [replace(answer, confidence=math.nan) if answer.text == "7" else answer for answer in answers]

    counts = run(tmp_path / "out.gpkg", [raster], Overflowing(SCRIPT))
    result_rows = rows(tmp_path / "out.gpkg")
    assert (counts.answered, len(result_rows)) == (TILES, TILES)
    assert (result_rows[6]["status"], result_rows[6]["number"]) == ("partial", None)
    assert "no finite confidence" in result_rows[6]["reason"]
    assert {row["status"] for number, row in enumerate(result_rows) if number != 6} == {"answered"}


def test_answers_of_equal_pictures_are_counted_as_cached(tmp_path: Path) -> None:
    values = np.tile(numbered(32, 32, 32), (1, 1, 5))
    engine = watched()
    counts = run(tmp_path / "out.gpkg", [write(tmp_path / "same.tif", values)], engine)
    assert (counts.tiles, counts.answered, sum(map(len, engine.batches))) == (5, 5, 2)
    assert counts.cached == 2 * 5 - 2


@pytest.mark.parametrize("ending", [".gpkg", ".parquet"])
def test_the_asks_do_not_depend_on_the_output_format(raster: Path, tmp_path: Path, ending: str) -> None:
    engine = watched()
    run(tmp_path / f"out{ending}", [raster], engine)
    assert sum(map(len, engine.batches)) == 2 * TILES


def test_answers_of_another_fingerprint_are_not_reused(raster: Path, tmp_path: Path) -> None:
    run(tmp_path / "out.gpkg", [raster], watched())
    plans = [make_plan(str(raster), TilingOptions(32))]
    engine = watched()
    with BatchRun(
        plans, BatchQuestions("fake", "f" * 64, "Describe it.", fingerprint="e" * 16), tmp_path / "out.gpkg"
    ) as batch_run:
        batch_run.ask(partial(_local, engine))
        assert batch_run.write().cached == 0
    assert sum(map(len, engine.batches)) == TILES


def test_a_second_run_of_one_output_is_refused(raster: Path, tmp_path: Path) -> None:
    plans = [make_plan(str(raster), TilingOptions(32))]
    asking = BatchQuestions("fake", "f" * 64, "Describe it.")
    (tmp_path / "link.gpkg").symlink_to(tmp_path / "out.gpkg")
    with BatchRun(plans, asking, tmp_path / "out.gpkg"):
        for name in ("out.gpkg", "link.gpkg"):
            with pytest.raises(UsageError, match="Another `rsgpt batch` is writing"):
                BatchRun(plans, asking, tmp_path / name)
    with BatchRun(plans, asking, tmp_path / "out.gpkg"):
        pass
    assert list(tmp_path.glob("*.lock")) == []


def test_rasters_without_a_common_crs_are_refused_before_anything_is_asked(raster: Path, tmp_path: Path) -> None:
    local = 'LOCAL_CS["site",UNIT["metre",1]]'
    second = write(tmp_path / "b.tif", numbered(64, 64, 32), OddGeoTiff(crs=local))
    engine = watched()
    with pytest.raises(ImageError, match=r"b\.tif cannot be transformed to the first raster's"):
        run(tmp_path / "out.gpkg", [raster, second], engine)
    assert engine.batches == []


def test_an_output_that_changes_during_the_run_is_not_replaced(raster: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"

    def changing_output(work: BatchJob, journal: BatchJournal) -> Generator[list[TileResult]]:
        yield from _local(watched(), work, journal)
        out.write_text("my notes")

    with pytest.raises(UsageError, match="is not a result"):
        run(out, [raster], watched(), executor=changing_output)
    assert out.read_text() == "my notes"


@pytest.mark.parametrize("caption", ["", "Describe it."])
def test_questions_beyond_the_limits_of_the_model_are_not_asked(raster: Path, tmp_path: Path, caption: str) -> None:
    plans = [make_plan(str(raster), TilingOptions(32))]
    engine = watched()
    why = tuple(parse_questions("why: Why is it red?"))
    asking = BatchQuestions("rsgpt-small", "f" * 64, caption, why, is_shipped=True)
    with BatchRun(plans, asking, tmp_path / "out.gpkg") as batch_run:
        batch_run.ask(partial(_local, engine))
        counts = batch_run.write()
    assert {prompt for batch in engine.batches for prompt in batch} == ({caption} if caption else set())
    assert counts.cached == 0
    first = rows(tmp_path / "out.gpkg")[0]
    assert (first["status"], first["why"]) == ("partial" if caption else "unsure", None)
    assert first["reason"].startswith("why: rsgpt-small cannot tell a reason from a picture")
