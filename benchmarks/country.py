"""Time for a country of 10^8 tiles: stage rates measure_stages on this machine, extrapolated to clusters.

    python -m benchmarks.country build/mosaic.tif --tiles 64

Stages run in parallel, so a run is as fast as its slowest stage. Reading and the model scale with the number of cores;
one process saves and writes all results. Network and storage are assumed to be faster than the other stages.
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


# CPU seconds of this process, so that other programs do not count.
_timed = partial(timed, clock=time.process_time)


@dataclass(frozen=True)
class SimulatedCluster:
    """A cluster. cores: number over all machines; model: speed of each engine, relative to one core of this machine.

    engines: number of engines on accelerators, next to cores that read; 0 if the cores do both.
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
    SimulatedCluster("1 machine of 16 cores and an accelerator (assumed: worth 200 cores)", 16, 1, 200.0),
    SimulatedCluster("1 machine of 128 cores and 8 such accelerators", 128, 8, 200.0),
    SimulatedCluster("32 such machines", 4_096, 256, 200.0),
)


def measure_stages(plan: RasterPlan, tiles: int, model: str) -> dict[str, float]:
    """Return the core-seconds per tile of each stage, for a caption and three questions per tile."""
    with TileReader(plan) as reader:
        read, shots = _timed(lambda: [reader.picture(tile) for tile in islice(plan.tiles, tiles)])
    hashed, keys = _timed(lambda: [shot.sha256 for shot in shots])
    engine = load_engine(model)
    images = [Image.fromarray(shot.rgb) for shot in shots]
    prompts = [engine.caption_prompt, *(question.prompt for question in QUESTIONS)]
    engine.answer([Ask(image, f"warm{number}", prompts[0]) for number, image in enumerate(images[:BATCH])])
    first, again = (_ask_seconds(engine, images, keys, prompts) for _ in range(2))
    stages = {"read": read + hashed, "encode": first - again, "decode": again}
    return {**{stage: seconds / len(shots) for stage, seconds in stages.items()}, "write": _write_seconds(plan)}


def cluster_rate(cluster: SimulatedCluster, stages: Mapping[str, float]) -> tuple[float, str]:
    """Return the tiles per second and the slowest stage."""
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
    """Return the tables of stages and clusters as Markdown."""
    lines = ["| Stage | Core-seconds per tile |", "|---|---|"]
    lines += [f"| {stage} | {seconds:.4g} |" for stage, seconds in stages.items()]
    lines += [
        "",
        "| Cluster | Tiles per second | Days for 10^8 tiles | Core-hours | Slowest stage |",
        "|---|---|---|---|---|",
    ]
    for cluster in CLUSTERS:
        rate, bottleneck = cluster_rate(cluster, stages)
        hours = COUNTRY / rate / 3600
        values = f"{rate:,.3g} | {hours / 24:,.3g} | {hours * cluster.cores:,.3g} | {bottleneck}"
        lines.append(f"| {cluster.name} | {values} |")
    return "\n".join(lines)


def _ask_seconds(engine: Engine, images: Sequence[Image.Image], keys: Sequence[str], prompts: Sequence[str]) -> float:
    """Return the core-seconds for all prompts about all pictures."""
    asks = [Ask(image, key, prompt) for image, key in zip(images, keys, strict=True) for prompt in prompts]
    size = tiles_per_batch(len(prompts)) * len(prompts)
    parts = [asks[start : start + size] for start in range(0, len(asks), size)]
    return _timed(lambda: [engine.answer(part) for part in parts])[0]


def _write_seconds(plan: RasterPlan) -> float:
    """Return the core-seconds per tile to save results and write rows, with made-up answers."""
    results = [
        TileResult(1, tile, f"{tile:064x}", 0.3, answers=dict.fromkeys(range(1, 2 + len(QUESTIONS)), WORDS))
        for tile in islice(plan.tiles, ROWS)
    ]
    batches = [results[start : start + BATCH] for start in range(0, len(results), BATCH)]
    questions = BatchQuestions("none", "", "Describe it.", tuple(QUESTIONS))
    with TemporaryDirectory() as folder, BatchRun([plan], questions, Path(folder) / "rows.parquet") as run:
        seconds = _timed(lambda: run.ask(lambda work, journal: (batch for batch in batches)))[0] + _timed(run.write)[0]
    return seconds / len(results)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raster", help="a raster with many tiles")
    parser.add_argument("--tiles", type=int, default=64, help="number of tiles to read and ask about")
    parser.add_argument("--size", type=int, default=256, help="side length of a tile in pixels")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    args = parser.parse_args()
    sys.stdout.write(
        table(measure_stages(make_plan(args.raster, TilingOptions(args.size)), args.tiles, args.model)) + "\n"
    )


if __name__ == "__main__":
    main()
