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
from rsgpt_plugin.shared.rasters.ellipsoid import stated_resolution

from ..errors import EngineError, ImageError
from ..predictor import Answer, Ask
from .journal import TileJob, TileResult
from .tile_pictures import RasterPlan, TileReader

# The number of a prompt, the hash of a picture, and its ground resolution if the model reads it.
_AskKey = tuple[int, str, float | None]

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
    engine: AnsweringEngine,
    questions: Mapping[int, Question],
    tiles: Sequence[CapturedTile],
    reads_gsd: bool = False,
) -> list[TileResult]:
    """Ask the prompts of all tiles together, once per distinct picture. Raises EngineError if all of them fail.

    questions: by the numbers of their prompts. reads_gsd: see BatchJournal.
    """
    images: dict[str, Image.Image] = {}
    first_tiles: dict[_AskKey, CapturedTile] = {}
    for tile in tiles:
        if tile.rgb is not None:
            images.setdefault(tile.result.image_sha256, Image.fromarray(tile.rgb))
            for key in _ask_keys(tile, reads_gsd):
                first_tiles.setdefault(key, tile)
    keys = sorted(first_tiles, key=itemgetter(0))
    raws = _raw_answers(engine, [_ask(questions[key[0]], images[key[1]], first_tiles[key].result) for key in keys])
    _check(raws, [key[0] in first_tiles[key].job.failed for key in keys])
    answers = dict(zip(keys, raws, strict=True))
    return [_with_answers(tile, _ask_keys(tile, reads_gsd), answers, first_tiles) for tile in tiles]


def _ask_keys(tile: CapturedTile, reads_gsd: bool) -> list[_AskKey]:
    """Return what tells the asks about a tile from others, by prompt."""
    gsd_m = stated_resolution(tile.result.gsd_m) if reads_gsd else None
    return [(prompt, tile.result.image_sha256, gsd_m) for prompt in tile.job.prompts]


def _ask(question: Question, image: Image.Image, picture: TileResult) -> Ask:
    return Ask(
        image,
        picture.image_sha256,
        question.prompt,
        choices=question.allowed,
        is_whole_number=question.type.is_whole_number,
        gsd_m=stated_resolution(picture.gsd_m),
    )


def _with_answers(
    tile: CapturedTile,
    keys: Sequence[_AskKey],
    answers: Mapping[_AskKey, RawAnswer],
    first_tiles: Mapping[_AskKey, CapturedTile],
) -> TileResult:
    by_prompt = {key[0]: answers[key] for key in keys if key in answers}
    asked = tuple(key[0] for key in keys if first_tiles.get(key) is tile)
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
    return RawAnswer(
        answer.text,
        round(answer.confidence, 6),
        degenerate=answer.degenerate,
        asked_at=now,
        is_cut=answer.finish_reason == "length",
        is_unusual=answer.is_unusual,
        answered_by=answer.answered_by,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
