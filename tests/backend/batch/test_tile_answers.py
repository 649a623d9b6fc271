"""Capturing and asking about tiles: only missing prompts, in tile batch, equal pictures once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from rsgpt_backend.batch.journal import TileJob, TileResult
from rsgpt_backend.batch.tile_answers import CapturedTile, answer, capture_tile, capture_tiles
from rsgpt_backend.batch.tile_pictures import TileReader, TilingOptions, make_plan
from rsgpt_backend.errors import EngineError
from rsgpt_backend.predictor import Answer, Ask
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.questions import Question
from tests.backend.batch.rasters import OddGeoTiff, numbered, write
from tests.fakes.fake_engine import FakeEngine, Script

ASKED = {1: Question("caption", "Describe it."), 2: Question("water", "Water?")}


class WatchedEngine(FakeEngine):
    """A fake engine that records the asks, and the prompts of each batch."""

    def __init__(self, script: Script = Script(reply="{number} {prompt}")) -> None:  # noqa: B008 - it is frozen
        super().__init__(script)
        self.asks: list[Ask] = []
        self.batches: list[list[str]] = []

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        self.asks.extend(asks)
        self.batches.append([ask.prompt for ask in asks])
        return super().answer(asks)


def captured(tile: int, prompts: tuple[int, ...], color: int, gsd_m: float | None = 0.5) -> CapturedTile:
    rgb = np.full((8, 8, 3), color, np.uint8)
    return CapturedTile(TileJob(1, tile, prompts), TileResult(1, tile, f"sha{color}", gsd_m), rgb)


def test_a_tile_is_captured_or_skipped(tmp_path: Path) -> None:
    values = numbered(64, 32, 32)
    values[:, :, 32:] = 0
    path = write(tmp_path / "a.tif", values, OddGeoTiff(nodata=0))
    plan = make_plan(str(path), TilingOptions(32))
    with TileReader(plan) as reader:
        first, second = (capture_tile(reader, TileJob(7, tile, (1,))) for tile in plan.tiles)
    assert (first.result.raster, first.result.tile, first.result.skipped) == (7, 0, "")
    assert first.rgb is not None
    assert (second.rgb, second.result.skipped) == (None, "no valid pixel here")


def test_an_unreadable_tile_is_failed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", numbered(64, 64, 32), blockysize=1, interleave="pixel")
    plan = make_plan(str(path), TilingOptions(32))
    path.write_bytes(path.read_bytes()[:8000])
    with TileReader(plan) as reader:
        tiles = [capture_tile(reader, TileJob(1, tile, (1,))) for tile in plan.tiles]
    assert [tile.rgb is None for tile in tiles] == [False, False, True, True]
    assert "Check that the raster is complete" in tiles[3].result.failed


def test_only_missing_prompts_are_asked_in_one_batch() -> None:
    engine = WatchedEngine()
    results = answer(engine, ASKED, [captured(0, (1, 2), 1), captured(1, (2,), 2), captured(2, (), 3)])
    assert engine.batches == [["Describe it.", "Water?", "Water?"]]
    texts = [{prompt: raw.text for prompt, raw in tile.answers.items()} for tile in results]
    assert texts == [{1: "65793 Describe it.", 2: "65793 Water?"}, {2: "131586 Water?"}, {}]
    assert results[0].answers[1].confidence == 0.9
    assert results[0].answers[1].asked_at


def test_equal_pictures_are_asked_once() -> None:
    engine = WatchedEngine()
    results = answer(engine, ASKED, [captured(0, (1, 2), 1), captured(1, (1,), 1)])
    assert sum(map(len, engine.batches)) == 2
    assert results[0].answers[1] == results[1].answers[1]
    assert [tile.asked for tile in results] == [(1, 2), ()]


@pytest.mark.parametrize(("reads_gsd", "asked"), [(False, [0.5]), (True, [0.5, 0.2, None])])
def test_equal_pictures_of_other_resolution_are_asked_if_the_model_reads_it(
    reads_gsd: bool, asked: list[float | None]
) -> None:
    engine = WatchedEngine()
    tiles = [captured(tile, (1,), 1, gsd_m) for tile, gsd_m in enumerate((0.500001, 0.2, 0.500002, None))]
    results = answer(engine, ASKED, tiles, reads_gsd)
    assert [ask.gsd_m for ask in engine.asks] == asked
    assert all(tile.answers for tile in results)
    assert [bool(tile.asked) for tile in results] == [True, reads_gsd, False, reads_gsd]


def test_a_failing_picture_does_not_affect_other_tiles() -> None:
    class FailingOnPicture(WatchedEngine):
        """Fails on a batch that contains a certain picture."""

        def answer(self, asks: Sequence[Ask]) -> list[Answer]:
            script = Script(faults={"": "error"} if any(ask.image_key == "sha2" for ask in asks) else {})
            return FakeEngine(script).answer(asks)

    results = answer(FailingOnPicture(), ASKED, [captured(0, (1,), 1), captured(1, (1,), 2), captured(2, (1,), 3)])
    assert [tile.answers[1].problem for tile in results] == ["", "The scripted model failed; ask something else.", ""]


def test_a_failing_prompt_does_not_affect_other_prompts() -> None:
    class FailingOnPrompt(WatchedEngine):
        """Fails on a batch that contains a certain prompt."""

        def answer(self, asks: Sequence[Ask]) -> list[Answer]:
            self.batches.append([ask.prompt for ask in asks])
            return FakeEngine(Script(faults={"Water?": "error"})).answer(asks)

    engine = FailingOnPrompt()
    results = answer(engine, ASKED, [captured(0, (1, 2), 1), captured(1, (1, 2), 2)])
    assert [[bool(tile.answers[prompt].problem) for prompt in (1, 2)] for tile in results] == [[False, True]] * 2
    assert [len(batch) for batch in engine.batches] == [4, 2, 2, 1, 1]


def test_an_engine_that_fails_at_all_asks_raises() -> None:
    with pytest.raises(EngineError, match="The scripted model failed"):
        answer(FakeEngine(Script(faults={"": "error"})), ASKED, [captured(0, (1,), 1), captured(1, (1,), 2)])
    (result,) = answer(FakeEngine(Script(faults={"": "error"})), ASKED, [captured(0, (1,), 1)])
    assert result.answers[1].problem


def test_asks_that_failed_before_do_not_count_against_the_engine() -> None:
    def again(tile: int, failed: tuple[int, ...]) -> CapturedTile:
        first = captured(tile, (1,), tile)
        return CapturedTile(TileJob(1, tile, (1,), failed), first.result, first.rgb)

    broken = FakeEngine(Script(faults={"": "error"}))
    results = answer(broken, ASKED, [again(0, (1,)), again(1, (1,))])
    assert all(tile.answers[1].problem for tile in results)
    with pytest.raises(EngineError):
        answer(broken, ASKED, [again(0, (1,)), again(1, ())])


@pytest.mark.parametrize("confidence", [math.nan, math.inf])
def test_an_answer_without_a_finite_confidence_is_a_failure(confidence: float) -> None:
    results = answer(FakeEngine(Script(reply="!!!", confidence=confidence)), ASKED, [captured(0, (1,), 1)])
    raw = results[0].answers[1]
    assert (raw.text, raw.confidence) == ("", 0.0)
    assert "no finite confidence" in raw.problem


def test_all_tiles_of_a_deleted_raster_are_failed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", numbered(64, 32, 32))
    plan = make_plan(str(path), TilingOptions(32))
    path.unlink()
    gone = list(capture_tiles(plan, [TileJob(1, tile, (1,)) for tile in plan.tiles]))
    assert [(tile.rgb, "cannot be opened" in tile.result.failed) for tile in gone] == [(None, True)] * 2


def test_a_skipped_tile_is_not_asked_about() -> None:
    skipped = CapturedTile(TileJob(1, 0, (1,)), TileResult(1, 0, "sha", 0.5, "no valid pixel here"))
    engine = WatchedEngine()
    assert answer(engine, ASKED, [skipped]) == [skipped.result]
    assert engine.batches == []


def test_the_choices_of_a_question_reach_the_ask() -> None:
    class Chooser(FakeEngine):
        def answer(self, asks: Sequence[Ask]) -> list[Answer]:
            assert [(ask.prompt, ask.choices) for ask in asks] == [
                ("Use? Choose one of: farm, town.", ("farm", "town"))
            ]
            return super().answer(asks)

    use = Question("use", "Use?", AnswerType.CHOICE, ("farm", "town"))
    (result,) = answer(Chooser(Script()), {1: use}, [captured(0, (1,), 1)])
    assert result.answers.keys() == {1}
