"""What a country of 10^8 tiles takes: each stage's rate measured here, a cluster's worked out from them.

    python -m benchmarks.country build/mosaic.tif --tiles 64

Stages run side by side, so a run is as fast as its slowest. Reading and the model go with the number of cores; one
process keeps and writes what all have found. It knows no network and no storage: these are to be faster than the rest.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from benchmarks.common import timed
from rsgpt_backend.batch.batch_run import BatchRun
from rsgpt_backend.batch.journal import TileResult
from rsgpt_backend.batch.local_executor import BATCH, tiles_per_batch
from rsgpt_backend.batch.tile_pictures import RasterPlan, TileReader, TilingOptions, make_plan
from rsgpt_backend.batch.tile_rows import BatchQuestions
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.engine.loading import load_engine
from rsgpt_backend.model.registry import DEFAULT_MODEL
from rsgpt_backend.predictor import Ask
from rsgpt_plugin.shared.answers.questions import parse_questions
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer

COUNTRY = 100_000_000
QUESTIONS = parse_questions(
    "water[yesno]: Is there any water?\nplanes[integer]: How many airplanes are there?\nscene: What is the scene?"
)
ROWS = 8192
WORDS = RawAnswer(
    "There are many buildings and some green trees beside a road.", 0.9, asked_at="2026-01-01T00:00:00.000Z"
)


# Seconds that cores worked: other programs do not count.
_timed = partial(timed, clock=time.process_time)


@dataclass(frozen=True)
class SimulatedCluster:
    """cores: of all its machines together. model: how many times as fast as one core here each of its engines is.

    engines: at once, beside cores that read; 0: cores do both.
    """

    name: str
    cores: int
    engines: int = 0
    model: float = 1.0


CLUSTERS = (
    SimulatedCluster("this machine", os.cpu_count() or 1),
    SimulatedCluster("1 machine of 16 cores", 16),
    SimulatedCluster("10 machines of 64 cores", 640),
    SimulatedCluster("100 machines of 64 cores", 6_400),
    SimulatedCluster("1 machine of 16 cores and an accelerator, if that is worth 200 cores", 16, 1, 200.0),
    SimulatedCluster("the same with eight, and 128 cores", 128, 8, 200.0),
    SimulatedCluster("32 of the latter", 4_096, 256, 200.0),
)


def measured(plan: RasterPlan, tiles: int, model: str) -> dict[str, float]:
    """Core-seconds a tile by stage; a caption and three questions each."""
    with TileReader(plan) as photographer:
        read, shots = _timed(lambda: [photographer.picture(tile) for tile in islice(plan.tiles, tiles)])
    hashed, keys = _timed(lambda: [shot.sha256 for shot in shots])
    engine = load_engine(model)
    images = [Image.fromarray(shot.rgb) for shot in shots]
    prompts = [engine.caption_prompt, *(question.prompt for question in QUESTIONS)]
    engine.answer([Ask(image, f"warm{number}", prompts[0]) for number, image in enumerate(images[:BATCH])])
    first, again = (_asked(engine, images, keys, prompts) for _ in range(2))
    stages = {"read": read + hashed, "encode": first - again, "decode": again}
    return {**{stage: seconds / len(shots) for stage, seconds in stages.items()}, "write": _written(plan)}


def worked_out(cluster: SimulatedCluster, stages: Mapping[str, float]) -> tuple[float, str]:
    """Tiles a second, and the stage that allows no more."""
    model = (stages["encode"] + stages["decode"]) / cluster.model
    slower = "encode" if stages["encode"] > stages["decode"] else "decode"
    if cluster.engines:
        rates = {"read": cluster.cores / stages["read"], slower: cluster.engines / model}
    else:
        rates = {slower: cluster.cores / (stages["read"] + model)}
    rates["write"] = 1 / stages["write"]
    bottleneck = min(rates, key=lambda stage: rates[stage])
    return rates[bottleneck], bottleneck


def table(stages: Mapping[str, float]) -> str:
    """Both tables, as Markdown."""
    lines = ["| Stage | Core-seconds a tile |", "|---|---|"]
    lines += [f"| {stage} | {seconds:.4g} |" for stage, seconds in stages.items()]
    lines += [
        "",
        "| Cluster | Tiles a second | Days for 10^8 tiles | Core-hours | Slowest stage |",
        "|---|---|---|---|---|",
    ]
    for cluster in CLUSTERS:
        rate, bottleneck = worked_out(cluster, stages)
        hours = COUNTRY / rate / 3600
        told = f"{rate:,.3g} | {hours / 24:,.3g} | {hours * cluster.cores:,.3g} | {bottleneck}"
        lines.append(f"| {cluster.name} | {told} |")
    return "\n".join(lines)


def _asked(engine: Engine, images: Sequence[Image.Image], keys: Sequence[str], prompts: Sequence[str]) -> float:
    """Core-seconds for all prompts about all pictures."""
    asks = [Ask(image, key, prompt) for image, key in zip(images, keys, strict=True) for prompt in prompts]
    size = tiles_per_batch(len(prompts)) * len(prompts)
    parts = [asks[start : start + size] for start in range(0, len(asks), size)]
    return _timed(lambda: [engine.answer(part) for part in parts])[0]


def _written(plan: RasterPlan) -> float:
    """Core-seconds a tile to keep what was found and to write the rows, from made-up answers."""
    found = [
        TileResult(1, tile, f"{tile:064x}", 0.3, answers=dict.fromkeys(range(1, 2 + len(QUESTIONS)), WORDS))
        for tile in islice(plan.tiles, ROWS)
    ]
    batches = [found[start : start + BATCH] for start in range(0, len(found), BATCH)]
    asking = BatchQuestions("none", "", "Describe it.", tuple(QUESTIONS))
    with TemporaryDirectory() as folder, BatchRun([plan], asking, Path(folder) / "rows.parquet") as run:
        seconds = _timed(lambda: run.ask(lambda work, journal: (batch for batch in batches)))[0] + _timed(run.write)[0]
    return seconds / len(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raster", help="one of many tiles")
    parser.add_argument("--tiles", type=int, default=64, help="that are read and asked about")
    parser.add_argument("--size", type=int, default=256, help="side of a tile in pixels")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    args = parser.parse_args()
    sys.stdout.write(table(measured(make_plan(args.raster, TilingOptions(args.size)), args.tiles, args.model)) + "\n")


if __name__ == "__main__":
    main()
