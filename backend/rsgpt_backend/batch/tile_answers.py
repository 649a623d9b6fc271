"""From a tile to be looked at to what the model says of it, wherever that is done. Knows no journal and no output."""

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
    """What is needed of an engine; engine.Engine is one."""

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """Whole answers, in the order of the asks."""
        ...


@dataclass(frozen=True, eq=False)
class CapturedTile:
    """A tile that was looked at. found: what is known of it before anything was asked. rgb: None: do not ask."""

    job: TileJob
    found: TileResult
    rgb: np.ndarray | None = None


def capture_tiles(plan: RasterPlan, jobs: Iterable[TileJob]) -> Generator[CapturedTile]:
    """Take the tiles' pictures one by one. Of a raster that cannot be opened any more, each tile says so."""
    try:
        photographer = TileReader(plan)
    except ImageError as error:
        yield from (CapturedTile(job, TileResult(job.raster, job.tile, failed=str(error))) for job in jobs)
        return
    with photographer:
        for job in jobs:
            yield capture_tile(photographer, job)


def capture_tile(photographer: TileReader, job: TileJob) -> CapturedTile:
    """Take a tile's picture; one that cannot be taken is told in the result."""
    try:
        picture = photographer.picture(job.tile)
    except ImageError as error:
        return CapturedTile(job, TileResult(job.raster, job.tile, failed=str(error)))
    skipped = "no valid pixel here" if picture.empty else ""
    found = TileResult(job.raster, job.tile, picture.sha256, picture.gsd_m, skipped)
    return CapturedTile(job, found, None if picture.empty else picture.rgb)


def answer(
    engine: AnsweringEngine, questions: Mapping[int, Question], seen: Sequence[CapturedTile]
) -> list[TileResult]:
    """Ask what each of `seen` lacks, all of it together, equal pictures once. EngineError where all of it fails.

    questions: by the numbers of their prompts.
    """
    images: dict[str, Image.Image] = {}
    askers: dict[tuple[int, str], CapturedTile] = {}
    for one in seen:
        if one.rgb is not None:
            images.setdefault(one.found.image_sha256, Image.fromarray(one.rgb))
            for prompt in one.job.prompts:
                askers.setdefault((prompt, one.found.image_sha256), one)
    pairs = sorted(askers, key=itemgetter(0))
    raws = _raw(engine, [_ask(questions[prompt], images[sha256], sha256) for prompt, sha256 in pairs])
    _check(raws, [prompt in askers[prompt, sha256].job.failed for prompt, sha256 in pairs])
    told = dict(zip(pairs, raws, strict=True))
    return [_with(one, told, askers) for one in seen]


def _ask(question: Question, image: Image.Image, sha256: str) -> Ask:
    return Ask(image, sha256, question.prompt, choices=question.allowed, is_number=question.type.is_number)


def _with(
    one: CapturedTile, told: Mapping[tuple[int, str], RawAnswer], askers: Mapping[tuple[int, str], CapturedTile]
) -> TileResult:
    pairs = [(prompt, one.found.image_sha256) for prompt in one.job.prompts]
    answers = {pair[0]: told[pair] for pair in pairs if pair in told}
    return replace(one.found, answers=answers, asked=tuple(pair[0] for pair in pairs if askers.get(pair) is one))


def _check(raws: Sequence[RawAnswer], failed_before: Sequence[bool]) -> None:
    """Raise EngineError for an engine that fails at all of several asks: it is broken, and more tiles would fail too.

    Asks that failed in an earlier run say nothing about that: some questions always fail.
    """
    if len(raws) > 1 and all(raw.problem for raw in raws) and not all(failed_before):
        raise EngineError(raws[0].problem)


def _raw(engine: AnsweringEngine, asks: Sequence[Ask]) -> list[RawAnswer]:
    """What a batch fails on is asked prompt by prompt, then one by one: the others are not to go with it."""
    if not asks:
        return []
    try:
        answers = engine.answer(asks)
    except EngineError as error:
        if len(asks) == 1:
            return [RawAnswer("", 0.0, asked_at=_now(), problem=str(error))]
        by_prompt = [list(part) for _, part in groupby(asks, attrgetter("prompt"))]
        parts = by_prompt if len(by_prompt) > 1 else [[ask] for ask in asks]
        return list(chain.from_iterable(_raw(engine, part) for part in parts))
    now = _now()
    return [_kept(one, now) for one in answers]


def _kept(answer: Answer, now: str) -> RawAnswer:
    """What is kept of an answer; one without a confidence came of numbers that overflowed, and is none."""
    if not math.isfinite(answer.confidence):
        return RawAnswer("", 0.0, asked_at=now, problem=_NOT_FINITE)
    is_cut = answer.finish_reason == "length"
    confidence = round(answer.confidence, 6)
    return RawAnswer(answer.text, confidence, degenerate=answer.degenerate, asked_at=now, is_cut=is_cut)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
