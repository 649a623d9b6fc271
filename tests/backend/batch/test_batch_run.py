"""A run from rasters to rows: counts, resume, changed questions, several rasters, stops and failures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
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
FIRST = 64  # tiles of a caption and a question that are asked about together
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
    way: Executor | None = None,
) -> BatchCounts:
    plans = [make_plan(str(path), TilingOptions(32)) for path in rasters]
    asking = BatchQuestions("fake", "f" * 64, "Describe it.", tuple(parse_questions("\n".join(questions))))
    with BatchRun(plans, asking, out) as one:
        with suppress(KeyboardInterrupt):
            one.ask(way or partial(_local, engine))
        return one.write()


def _local(engine: WatchedEngine, work: BatchJob, journal: BatchJournal) -> Iterator[list[TileResult]]:
    return answered(work, lambda: engine, journal)


def rows(path: Path) -> list[dict[str, Any]]:
    table = pyogrio.read_arrow(path)[1]
    return list(table.to_pylist())


def watched() -> WatchedEngine:
    return WatchedEngine(SCRIPT)


def test_every_tile_has_its_row_where_it_lies(raster: Path, tmp_path: Path) -> None:
    counts = run(tmp_path / "out.gpkg", [raster], watched())
    assert (counts.tiles, counts.answered, counts.skipped, counts.failed, counts.cached) == (TILES, TILES, 0, 0, 0)
    found = rows(tmp_path / "out.gpkg")
    assert [row["number"] for row in found] == list(range(1, TILES + 1))
    assert [row["caption"] for row in found] == [f"Tile {number}." for number in range(1, TILES + 1)]
    assert shapely.bounds(shapely.from_wkb(found[11]["geom"])).tolist() == [500016.0, 3999968.0, 500032.0, 3999984.0]


def test_a_second_run_asks_nothing_and_writes_the_same(raster: Path, tmp_path: Path) -> None:
    run(tmp_path / "out.gpkg", [raster], watched())
    before, engine = rows(tmp_path / "out.gpkg"), watched()
    counts = run(tmp_path / "out.gpkg", [raster], engine)
    assert (counts.answered, counts.cached, engine.batches) == (TILES, 2 * TILES, [])
    assert rows(tmp_path / "out.gpkg") == before


def test_a_changed_question_is_all_that_is_asked(raster: Path, tmp_path: Path) -> None:
    run(tmp_path / "out.gpkg", [raster], watched())
    engine = watched()
    counts = run(tmp_path / "out.gpkg", [raster], engine, ("other[text]: Which other?",))
    assert {prompt for batch in engine.batches for prompt in batch} == {"Which other?"}
    assert (sum(map(len, engine.batches)), counts.cached) == (TILES, TILES)
    assert "number" not in rows(tmp_path / "out.gpkg")[0]


def test_a_run_that_was_stopped_writes_what_it_has_and_goes_on(raster: Path, tmp_path: Path) -> None:
    def stopping(work: BatchJob, journal: BatchJournal) -> Iterator[list[TileResult]]:
        some = next(_local(watched(), work, journal))
        assert len(some) == FIRST
        yield some
        raise KeyboardInterrupt

    out = tmp_path / "out.gpkg"
    counts = run(out, [raster], watched(), way=stopping)
    assert (counts.tiles, counts.answered, len(rows(out))) == (TILES, FIRST, FIRST)
    engine = watched()
    counts = run(out, [raster], engine)
    assert (counts.answered, counts.cached) == (TILES, 2 * FIRST)
    assert sum(map(len, engine.batches)) == 2 * (TILES - FIRST)
    assert [row["number"] for row in rows(out)] == list(range(1, TILES + 1))


def test_many_rasters_share_an_output_in_the_first_one_s_crs(raster: Path, tmp_path: Path) -> None:
    degrees = OddGeoTiff((-117.0, 5e-6, 0.0, 36.14, 0.0, -5e-6), "EPSG:4326")
    second = write(tmp_path / "b.tif", numbered(64, 64, 32) + 1, degrees)
    counts = run(tmp_path / "out.parquet", [raster, second], watched())
    assert counts.answered == TILES + 4
    import pyarrow.parquet as pq

    found = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["raster"] for row in found] == [str(raster)] * TILES + [str(second)] * 4
    bounds = shapely.bounds(shapely.from_wkb([row["geometry"] for row in found[TILES:]]))
    assert abs(bounds[:, 0] - 500000).max() < 100  # 117 degrees west is the zone's middle
    assert abs(bounds[:, 1] - 4e6).max() < 1000


def test_failures_are_rows_and_asked_again(raster: Path, tmp_path: Path) -> None:
    faulty = WatchedEngine(Script(faults={"Which": "error"}))
    counts = run(tmp_path / "out.gpkg", [raster], faulty)
    assert (counts.answered, counts.failed) == (TILES, 0)
    assert {(row["status"], row["number"]) for row in rows(tmp_path / "out.gpkg")} == {("partial", None)}
    engine = watched()
    counts = run(tmp_path / "out.gpkg", [raster], engine)
    assert (counts.cached, sum(map(len, engine.batches))) == (TILES, TILES)
    assert {row["status"] for row in rows(tmp_path / "out.gpkg")} == {"answered"}


def test_a_question_that_always_fails_gives_the_same_rows_in_every_run(raster: Path, tmp_path: Path) -> None:
    def asked() -> tuple[BatchCounts, list[tuple[str, str]]]:
        engine = WatchedEngine(Script(faults={"Which": "error"}))
        counts = run(tmp_path / "out.gpkg", [raster], engine)
        return counts, [(row["status"], row["reason"]) for row in rows(tmp_path / "out.gpkg")]

    (first, told), (second, told_again) = asked(), asked()
    assert set(told) == {("partial", "number: The scripted model failed; ask something else.")}
    assert told_again == told
    assert (second.answered, second.failed, second.cached) == (first.answered, first.failed, TILES)


def test_a_confidence_that_is_no_number_ends_no_run(raster: Path, tmp_path: Path) -> None:
    class Overflowing(WatchedEngine):
        """One picture makes it compute NaN."""

        def answer(self, asks: Sequence[Ask]) -> list[Answer]:
            told = super().answer(asks)
            return [replace(one, confidence=math.nan) if one.text == "7" else one for one in told]

    counts = run(tmp_path / "out.gpkg", [raster], Overflowing(SCRIPT))
    found = rows(tmp_path / "out.gpkg")
    assert (counts.answered, len(found)) == (TILES, TILES)
    assert (found[6]["status"], found[6]["number"]) == ("partial", None)
    assert "no finite confidence" in found[6]["reason"]
    assert {row["status"] for number, row in enumerate(found) if number != 6} == {"answered"}


def test_answers_of_equal_pictures_are_counted_as_cached(tmp_path: Path) -> None:
    values = np.tile(numbered(32, 32, 32), (1, 1, 5))
    engine = watched()
    counts = run(tmp_path / "out.gpkg", [write(tmp_path / "same.tif", values)], engine)
    assert (counts.tiles, counts.answered, sum(map(len, engine.batches))) == (5, 5, 2)
    assert counts.cached == 2 * 5 - 2


@pytest.mark.parametrize("ending", [".gpkg", ".parquet"])
def test_what_an_engine_is_asked_does_not_depend_on_the_format(raster: Path, tmp_path: Path, ending: str) -> None:
    engine = watched()
    run(tmp_path / f"out{ending}", [raster], engine)
    assert sum(map(len, engine.batches)) == 2 * TILES


def test_another_fingerprint_is_asked_anew(raster: Path, tmp_path: Path) -> None:
    run(tmp_path / "out.gpkg", [raster], watched())
    plans = [make_plan(str(raster), TilingOptions(32))]
    engine = watched()
    with BatchRun(
        plans, BatchQuestions("fake", "f" * 64, "Describe it.", fingerprint="e" * 16), tmp_path / "out.gpkg"
    ) as one:
        one.ask(partial(_local, engine))
        assert one.write().cached == 0
    assert sum(map(len, engine.batches)) == TILES


def test_a_second_run_of_one_output_is_refused(raster: Path, tmp_path: Path) -> None:
    plans = [make_plan(str(raster), TilingOptions(32))]
    asking = BatchQuestions("fake", "f" * 64, "Describe it.")
    (tmp_path / "link.gpkg").symlink_to(tmp_path / "out.gpkg")
    with BatchRun(plans, asking, tmp_path / "out.gpkg"):
        for name in ("out.gpkg", "link.gpkg"):
            with pytest.raises(UsageError, match="Another `rsgpt batch` writes"):
                BatchRun(plans, asking, tmp_path / name)
    with BatchRun(plans, asking, tmp_path / "out.gpkg"):
        pass
    assert list(tmp_path.glob("*.lock")) == []


def test_rasters_that_have_no_common_place_are_refused_before_anything_is_asked(raster: Path, tmp_path: Path) -> None:
    local = 'LOCAL_CS["site",UNIT["metre",1]]'
    second = write(tmp_path / "b.tif", numbered(64, 64, 32), OddGeoTiff(crs=local))
    engine = watched()
    with pytest.raises(ImageError, match=r"b\.tif cannot be brought to the first raster's"):
        run(tmp_path / "out.gpkg", [raster, second], engine)
    assert engine.batches == []


def test_an_output_that_changed_while_the_run_went_is_not_replaced(raster: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"

    def meanwhile(work: BatchJob, journal: BatchJournal) -> Iterator[list[TileResult]]:
        yield from _local(watched(), work, journal)
        out.write_text("my notes")

    with pytest.raises(UsageError, match="is not a result"):
        run(out, [raster], watched(), way=meanwhile)
    assert out.read_text() == "my notes"
