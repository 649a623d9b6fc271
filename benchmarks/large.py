"""Memory, speed and losses of everything in `rsgpt batch` but the model, over one large raster.

    python -m benchmarks.large build/mosaic.tif --kills 5

A made-up engine answers with the picture's middle pixel. The process is killed with SIGKILL at random moments and
started again; in the end every tile must have its own answer once. What is left out: the model's time and memory.
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

ASKING = BatchQuestions(
    "made-up", "f" * 64, "Describe it.", tuple(parse_questions("a[integer]: Which?\nb: Which one?"))
)
SCRIPT = Script(reply="{number}", replies={"Describe": "Picture {number}."})
CHECKED = 500
LOOK_EVERY = 0.05  # seconds


def describe(raster: str, out: Path) -> dict[str, float]:
    """One run, in this process."""
    with BatchRun([make_plan(raster, TilingOptions())], ASKING, out) as run:
        run.ask(lambda work, journal: answered(work, lambda: FakeEngine(SCRIPT), journal))
        return run.write().as_dict()


def watched(raster: str, out: Path, seconds: float) -> tuple[dict[str, float] | None, int]:
    """A run in a process of its own, killed after `seconds`: what it told, or None, and the memory it had at most."""
    command = [sys.executable, "-m", "benchmarks.large", raster, "--out", str(out), "--once"]
    peak, end = 0, time.monotonic() + seconds
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        while process.poll() is None:
            with suppress(psutil.Error):
                peak = max(peak, psutil.Process(process.pid).memory_info().rss)
            if time.monotonic() > end:
                process.kill()
            time.sleep(LOOK_EVERY)
        told = process.stdout.read() if process.stdout else ""
    return (json.loads(told) if process.returncode == 0 else None), peak


def wrong(raster: str, out: Path) -> dict[str, int]:
    """Tiles that are lost, written twice, or, of some, have the answer of another."""
    plan = make_plan(raster, TilingOptions())
    rows = pyogrio.read_arrow(out, columns=["image_sha256", "a"], read_geometry=False)[1].to_pylist()
    times = Counter(row["image_sha256"] for row in rows)
    answers = {row["image_sha256"]: row["a"] for row in rows}
    swapped = 0
    with TileReader(plan) as photographer:
        for tile in random.Random(1).sample(list(plan.tiles), min(CHECKED, len(plan.tiles))):
            picture = photographer.picture(tile)
            red, green, blue = map(int, picture.rgb[picture.rgb.shape[0] // 2, picture.rgb.shape[1] // 2])
            swapped += answers.get(picture.sha256) != red << 16 | green << 8 | blue
    return {"lost": len(plan.tiles) - len(times), "doubled": len(rows) - len(times), "swapped": swapped}


def measure(raster: str, out: Path, kills: int) -> dict[str, Any]:
    """A whole run, one that changes nothing, and one with kills; each in processes of its own."""
    _forget(out)
    first, peak = watched(raster, out, float("inf"))
    second, _ = watched(raster, out, float("inf"))
    if first is None or second is None:
        raise SystemExit("A run failed. Run it with --once to see why.")
    _forget(out)
    chance, killed, last = random.Random(2), 0, None
    while last is None:
        left = chance.uniform(0.1, 0.9) * first["seconds"] / kills if killed < kills else float("inf")
        last, _ = watched(raster, out, left)
        if last is None and killed == kills:
            raise SystemExit("A run after the kills failed. Run it with --once to see why.")
        killed += last is None
    known = {"tiles": first["tiles"], "tiles_a_second": round(first["tiles"] / first["seconds"], 1)}
    times = {"seconds": first["seconds"], "again_seconds": second["seconds"], "peak_mb": round(peak / 1e6)}
    return {**known, **times, "kills": killed, "known_after_kills": last["cached"], **wrong(raster, out)}


def _forget(out: Path) -> None:
    for path in (out, journal_path(out)):
        for one in path.parent.glob(f"{path.name}*"):
            one.unlink()


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raster")
    parser.add_argument("--out", type=Path, default=Path("build/large.gpkg"))
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--once", action="store_true", help="one run in this process, without measuring it")
    args = parser.parse_args()
    told = describe(args.raster, args.out) if args.once else measure(args.raster, args.out, args.kills)
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
