"""Memory, speed, and losses of `rsgpt batch` without the model, on one large raster.

    python -m benchmarks.large build/mosaic.tif --kills 5

A fake engine answers with the middle pixel of each picture. The process is killed with SIGKILL at random moments and
started again; at the end every tile must have its own answer exactly once.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pyogrio

from rsgpt_backend.batch.batch_run import BatchRun, journal_path
from rsgpt_backend.batch.local_executor import answered
from rsgpt_backend.batch.tile_pictures import TileReader, TilingOptions, make_plan
from rsgpt_backend.batch.tile_rows import BatchQuestions
from rsgpt_plugin.shared.answers.questions import parse_questions
from tests.fakes.fake_engine import FakeEngine, Script

QUESTIONS = BatchQuestions(
    "made-up", "f" * 64, "Describe it.", tuple(parse_questions("a[integer]: Which?\nb: Which one?"))
)
SCRIPT = Script(reply="{number}", replies={"Describe": "Picture {number}."})
CHECKED = 500
POLL_INTERVAL = 0.05  # seconds


def describe(raster: str, out: Path) -> dict[str, float]:
    """Run the batch in this process and return its counts."""
    with BatchRun([make_plan(raster, TilingOptions())], QUESTIONS, out) as run:
        run.ask(lambda work, journal: answered(work, lambda: FakeEngine(SCRIPT), journal))
        return run.write().as_dict()


def run_and_watch(raster: str, out: Path, seconds: float) -> tuple[dict[str, float] | None, int]:
    """Run the batch in a new process and kill it after `seconds`; return its counts, or None, and the peak memory."""
    command = [sys.executable, "-m", "benchmarks.large", raster, "--out", str(out), "--once"]
    peak, end = 0, time.monotonic() + seconds
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        while process.poll() is None:
            with suppress(psutil.Error):
                peak = max(peak, psutil.Process(process.pid).memory_info().rss)
            if time.monotonic() > end:
                process.kill()
            time.sleep(POLL_INTERVAL)
        output = process.stdout.read() if process.stdout else ""
    return (json.loads(output) if process.returncode == 0 else None), peak


def count_errors(raster: str, out: Path) -> dict[str, int]:
    """Count tiles that are lost or written twice, and, in a sample, those with the answer of another tile."""
    plan = make_plan(raster, TilingOptions())
    rows = pyogrio.read_arrow(out, columns=["image_sha256", "a"], read_geometry=False)[1].to_pylist()
    times = Counter(row["image_sha256"] for row in rows)
    answers = {row["image_sha256"]: row["a"] for row in rows}
    swapped = 0
    with TileReader(plan) as reader:
        for tile in random.Random(1).sample(list(plan.tiles), min(CHECKED, len(plan.tiles))):
            picture = reader.picture(tile)
            red, green, blue = map(int, picture.rgb[picture.rgb.shape[0] // 2, picture.rgb.shape[1] // 2])
            swapped += answers.get(picture.sha256) != red << 16 | green << 8 | blue
    return {"lost": len(plan.tiles) - len(times), "doubled": len(rows) - len(times), "swapped": swapped}


def measure(raster: str, out: Path, kills: int) -> dict[str, Any]:
    """Measure a complete run, a repeated run, and a run with kills, each in new processes."""
    _delete_outputs(out)
    first, peak = run_and_watch(raster, out, float("inf"))
    second, _ = run_and_watch(raster, out, float("inf"))
    if first is None or second is None:
        raise SystemExit("A run failed. Run it with --once to see why.")
    _delete_outputs(out)
    chance, killed, last = random.Random(2), 0, None
    while last is None:
        left = chance.uniform(0.1, 0.9) * first["seconds"] / kills if killed < kills else float("inf")
        last, _ = run_and_watch(raster, out, left)
        if last is None and killed == kills:
            raise SystemExit("A run after the kills failed. Run it with --once to see why.")
        killed += last is None
    speed = {"tiles": first["tiles"], "tiles_a_second": round(first["tiles"] / first["seconds"], 1)}
    times = {"seconds": first["seconds"], "again_seconds": second["seconds"], "peak_mb": round(peak / 1e6)}
    return {**speed, **times, "kills": killed, "known_after_kills": last["cached"], **count_errors(raster, out)}


def _delete_outputs(out: Path) -> None:
    for path in (out, journal_path(out)):
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raster")
    parser.add_argument("--out", type=Path, default=Path("build/large.gpkg"))
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--once", action="store_true", help="run once in this process, without measuring")
    args = parser.parse_args()
    result = describe(args.raster, args.out) if args.once else measure(args.raster, args.out, args.kills)
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
