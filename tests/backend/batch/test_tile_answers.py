"""Tiles are looked at and asked about: what is missing alone, all of it at once, equal pictures once."""

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
from rsgpt_plugin.shared.answers.questions import AnswerType, Question
from tests.backend.batch.rasters import OddGeoTiff, numbered, write
from tests.fakes.fake_engine import FakeEngine, Script

ASKED = {1: Question("caption", "Describe it."), 2: Question("water", "Water?")}


class WatchedEngine(FakeEngine):
    """A fake engine that keeps what each of its batches asked."""

    def __init__(self, script: Script = Script(reply="{number} {prompt}")) -> None:  # noqa: B008 - it is frozen
        super().__init__(script)
        self.batches: list[list[str]] = []

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        self.batches.append([ask.prompt for ask in asks])
        return super().answer(asks)


def seen(tile: int, prompts: tuple[int, ...], colour: int) -> CapturedTile:
    rgb = np.full((8, 8, 3), colour, np.uint8)
    return CapturedTile(TileJob(1, tile, prompts), TileResult(1, tile, f"sha{colour}", 0.5), rgb)


def test_a_tile_is_looked_at(tmp_path: Path) -> None:
    values = numbered(64, 32, 32)
    values[:, :, 32:] = 0
    path = write(tmp_path / "a.tif", values, OddGeoTiff(nodata=0))
    plan = make_plan(str(path), TilingOptions(32))
    with TileReader(plan) as photographer:
        first, second = (capture_tile(photographer, TileJob(7, tile, (1,))) for tile in plan.tiles)
    assert (first.found.raster, first.found.tile, first.found.skipped) == (7, 0, "")
    assert first.rgb is not None
    assert (second.rgb, second.found.skipped) == (None, "no valid pixel here")


def test_a_tile_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", numbered(64, 64, 32), blockysize=1, interleave="pixel")
    plan = make_plan(str(path), TilingOptions(32))
    path.write_bytes(path.read_bytes()[:8000])
    with TileReader(plan) as photographer:
        capture_tiles = [capture_tile(photographer, TileJob(1, tile, (1,))) for tile in plan.tiles]
    assert [one.rgb is None for one in capture_tiles] == [False, False, True, True]
    assert "Check that the raster is whole" in capture_tiles[3].found.failed


def test_all_is_asked_at_once_and_only_what_is_missing() -> None:
    engine = WatchedEngine()
    found = answer(engine, ASKED, [seen(0, (1, 2), 1), seen(1, (2,), 2), seen(2, (), 3)])
    assert engine.batches == [["Describe it.", "Water?", "Water?"]]
    texts = [{prompt: raw.text for prompt, raw in one.answers.items()} for one in found]
    assert texts == [{1: "65793 Describe it.", 2: "65793 Water?"}, {2: "131586 Water?"}, {}]
    assert found[0].answers[1].confidence == 0.9
    assert found[0].answers[1].asked_at


def test_equal_pictures_are_asked_once() -> None:
    engine = WatchedEngine()
    found = answer(engine, ASKED, [seen(0, (1, 2), 1), seen(1, (1,), 1)])
    assert sum(map(len, engine.batches)) == 2
    assert found[0].answers[1] == found[1].answers[1]
    assert [one.asked for one in found] == [(1, 2), ()]


def test_a_failure_takes_no_other_tile_with_it() -> None:
    class FailingOnPicture(WatchedEngine):
        """It fails on a batch that holds a certain picture."""

        def answer(self, asks: Sequence[Ask]) -> list[Answer]:
            prompts = Script(faults={"": "error"} if any(ask.image_key == "sha2" for ask in asks) else {})
            return FakeEngine(prompts).answer(asks)

    found = answer(FailingOnPicture(), ASKED, [seen(0, (1,), 1), seen(1, (1,), 2), seen(2, (1,), 3)])
    assert [one.answers[1].problem for one in found] == ["", "The scripted model failed; ask something else.", ""]


def test_a_prompt_that_fails_takes_no_other_prompt_with_it() -> None:
    class FailingOnPrompt(WatchedEngine):
        """It fails on a batch that holds a certain prompt."""

        def answer(self, asks: Sequence[Ask]) -> list[Answer]:
            self.batches.append([ask.prompt for ask in asks])
            return FakeEngine(Script(faults={"Water?": "error"})).answer(asks)

    engine = FailingOnPrompt()
    found = answer(engine, ASKED, [seen(0, (1, 2), 1), seen(1, (1, 2), 2)])
    assert [[bool(one.answers[prompt].problem) for prompt in (1, 2)] for one in found] == [[False, True]] * 2
    assert [len(batch) for batch in engine.batches] == [4, 2, 2, 1, 1]


def test_an_engine_that_fails_at_everything_is_not_asked_about_more() -> None:
    with pytest.raises(EngineError, match="The scripted model failed"):
        answer(FakeEngine(Script(faults={"": "error"})), ASKED, [seen(0, (1,), 1), seen(1, (1,), 2)])
    (found,) = answer(FakeEngine(Script(faults={"": "error"})), ASKED, [seen(0, (1,), 1)])
    assert found.answers[1].problem


def test_asks_that_failed_before_do_not_count_against_the_engine() -> None:
    def again(tile: int, failed: tuple[int, ...]) -> CapturedTile:
        one = seen(tile, (1,), tile)
        return CapturedTile(TileJob(1, tile, (1,), failed), one.found, one.rgb)

    broken = FakeEngine(Script(faults={"": "error"}))
    found = answer(broken, ASKED, [again(0, (1,)), again(1, (1,))])
    assert all(one.answers[1].problem for one in found)
    with pytest.raises(EngineError):
        answer(broken, ASKED, [again(0, (1,)), again(1, ())])


@pytest.mark.parametrize("confidence", [math.nan, math.inf])
def test_an_answer_without_a_finite_confidence_is_a_failure(confidence: float) -> None:
    found = answer(FakeEngine(Script(reply="!!!", confidence=confidence)), ASKED, [seen(0, (1,), 1)])
    raw = found[0].answers[1]
    assert (raw.text, raw.confidence) == ("", 0.0)
    assert "no finite confidence" in raw.problem


def test_of_a_raster_that_is_gone_each_tile_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", numbered(64, 32, 32))
    plan = make_plan(str(path), TilingOptions(32))
    path.unlink()
    gone = list(capture_tiles(plan, [TileJob(1, tile, (1,)) for tile in plan.tiles]))
    assert [(one.rgb, "cannot be opened" in one.found.failed) for one in gone] == [(None, True)] * 2


def test_what_is_not_to_be_asked_passes_through() -> None:
    skipped = CapturedTile(TileJob(1, 0, (1,)), TileResult(1, 0, "sha", 0.5, "no valid pixel here"))
    engine = WatchedEngine()
    assert answer(engine, ASKED, [skipped]) == [skipped.found]
    assert engine.batches == []


def test_a_choice_goes_with_its_question() -> None:
    class Chooser(FakeEngine):
        def answer(self, asks: Sequence[Ask]) -> list[Answer]:
            assert [(ask.prompt, ask.choices) for ask in asks] == [
                ("Use? Choose one of: farm, town.", ("farm", "town"))
            ]
            return super().answer(asks)

    use = Question("use", "Use?", AnswerType.CHOICE, ("farm", "town"))
    (found,) = answer(Chooser(Script()), {1: use}, [seen(0, (1,), 1)])
    assert found.answers.keys() == {1}
