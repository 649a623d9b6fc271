"""Captures the pictures of tiles and asks an engine about them."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, groupby
from operator import attrgetter, itemgetter
from typing import Protocol

import numpy as np
from PIL import Image

from rsgpt_plugin.shared.answers.questions import Question
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer

from ..errors import EngineError, ImageError
from ..predictor import Answer, Ask
from .journal import TileJob, TileResult
from .tile_pictures import RasterPlan, TileReader

_NOT_FINITE = "the model computed no finite confidence; use another --precision, for example bf16 or fp32"


class AnsweringEngine(Protocol):
    """The part of an engine that is needed here; see engine.Engine."""

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """Return complete answers, in the order of the asks."""
        ...


@dataclass(frozen=True, eq=False)
class CapturedTile:
    """A tile and its picture. result: without answers yet. rgb: H x W x 3, uint8; None if there is nothing to ask."""

    job: TileJob
    result: TileResult
    rgb: np.ndarray | None = None


def capture_tiles(plan: RasterPlan, jobs: Iterable[TileJob]) -> Generator[CapturedTile]:
    """Yield captured tiles one by one. If the raster can no longer be opened, the result of each tile says so."""
    try:
        reader = TileReader(plan)
    except ImageError as error:
        yield from (CapturedTile(job, TileResult(job.raster, job.tile, failed=str(error))) for job in jobs)
        return
    with reader:
        for job in jobs:
            yield capture_tile(reader, job)


def capture_tile(reader: TileReader, job: TileJob) -> CapturedTile:
    """Capture the picture of a tile. If it cannot be read, the result says so."""
    try:
        picture = reader.picture(job.tile)
    except ImageError as error:
        return CapturedTile(job, TileResult(job.raster, job.tile, failed=str(error)))
    skipped = "no valid pixel here" if picture.empty else ""
    result = TileResult(job.raster, job.tile, picture.sha256, picture.gsd_m, skipped)
    return CapturedTile(job, result, None if picture.empty else picture.rgb)


def answer(
    engine: AnsweringEngine, questions: Mapping[int, Question], tiles: Sequence[CapturedTile]
) -> list[TileResult]:
    """Ask the prompts of all tiles together, once per distinct picture. Raises EngineError if all of them fail.

    questions: by the numbers of their prompts.
    """
    images: dict[str, Image.Image] = {}
    first_tiles: dict[tuple[int, str], CapturedTile] = {}
    for tile in tiles:
        if tile.rgb is not None:
            images.setdefault(tile.result.image_sha256, Image.fromarray(tile.rgb))
            for prompt in tile.job.prompts:
                first_tiles.setdefault((prompt, tile.result.image_sha256), tile)
    pairs = sorted(first_tiles, key=itemgetter(0))
    raws = _raw_answers(engine, [_ask(questions[prompt], images[sha256], sha256) for prompt, sha256 in pairs])
    _check(raws, [prompt in first_tiles[prompt, sha256].job.failed for prompt, sha256 in pairs])
    answers = dict(zip(pairs, raws, strict=True))
    return [_with_answers(tile, answers, first_tiles) for tile in tiles]


def _ask(question: Question, image: Image.Image, sha256: str) -> Ask:
    return Ask(image, sha256, question.prompt, choices=question.allowed, is_whole_number=question.type.is_whole_number)


def _with_answers(
    tile: CapturedTile,
    answers: Mapping[tuple[int, str], RawAnswer],
    first_tiles: Mapping[tuple[int, str], CapturedTile],
) -> TileResult:
    pairs = [(prompt, tile.result.image_sha256) for prompt in tile.job.prompts]
    by_prompt = {pair[0]: answers[pair] for pair in pairs if pair in answers}
    asked = tuple(pair[0] for pair in pairs if first_tiles.get(pair) is tile)
    return replace(tile.result, answers=by_prompt, asked=asked)


def _check(raws: Sequence[RawAnswer], failed_before: Sequence[bool]) -> None:
    """Raise EngineError if all of several asks failed: the engine is broken, and more tiles would fail too.

    Asks that failed in an earlier run do not count, because some questions always fail.
    """
    if len(raws) > 1 and all(raw.problem for raw in raws) and not all(failed_before):
        raise EngineError(raws[0].problem)


def _raw_answers(engine: AnsweringEngine, asks: Sequence[Ask]) -> list[RawAnswer]:
    """Ask all together. If that fails, ask prompt by prompt, then one by one, so that the other asks are answered."""
    if not asks:
        return []
    try:
        answers = engine.answer(asks)
    except EngineError as error:
        if len(asks) == 1:
            return [RawAnswer("", 0.0, asked_at=_now(), problem=str(error))]
        by_prompt = [list(part) for _, part in groupby(asks, attrgetter("prompt"))]
        parts = by_prompt if len(by_prompt) > 1 else [[ask] for ask in asks]
        return list(chain.from_iterable(_raw_answers(engine, part) for part in parts))
    now = _now()
    return [_raw_answer(answer, now) for answer in answers]


def _raw_answer(answer: Answer, now: str) -> RawAnswer:
    """Convert an answer. A confidence that is not finite results from an overflow, so the answer is a failure."""
    if not math.isfinite(answer.confidence):
        return RawAnswer("", 0.0, asked_at=now, problem=_NOT_FINITE)
    is_cut = answer.finish_reason == "length"
    confidence = round(answer.confidence, 6)
    return RawAnswer(answer.text, confidence, degenerate=answer.degenerate, asked_at=now, is_cut=is_cut)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
