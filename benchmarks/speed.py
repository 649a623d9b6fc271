"""Speed of the small model on this machine, compared with plain transformers generation and hardware limits.

    python -m benchmarks.mosaic build/speed.tif --images IMAGES.zip --captions CAPTIONS.json --side 6144
    python -m benchmarks.speed build/speed.tif --plain 32

The plain way asks one question at a time, encodes the picture each time, and uses `generate` of transformers with the
same weights, number format, and search. Each tile gets a caption and three questions. All runs start without saved
answers and encoded pictures. Run it on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyogrio
import torch
from PIL import Image, ImageOps
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList

from benchmarks.common import Row, print_table, run, timed
from benchmarks.home import forgetful_home
from rsgpt_backend.batch.local_executor import tiles_per_batch
from rsgpt_backend.batch.tile_pictures import TileReader, TilingOptions, make_plan
from rsgpt_backend.benchmark import without_heads
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.engine.loading import load_engine
from rsgpt_backend.model.decoding.generation import DecodingRules
from rsgpt_backend.model.hardware.heap import retain_freed_memory
from rsgpt_backend.model.registry import model_folder
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.model.vision.encoders import to_bytes
from rsgpt_backend.model.weights import load_model
from rsgpt_backend.predictor import Ask

ROOT = Path(__file__).parent.parent
QUESTIONS = ("water: Is there any water?", "planes: How many airplanes are there?", "scene: What kind of area is this?")
OTHER = "trees: Are there any trees?"
PROMPTS = ("Describe this image.", *(line.partition(": ")[2] for line in QUESTIONS))
MAX_NEW_TOKENS = 128  # as in `rsgpt batch`


def limits() -> Iterator[Row]:
    """Measure the matrix product and memory bandwidth of this machine."""
    matrix, many = torch.rand(2048, 2048), torch.rand(64_000_000)
    yield "matrix product, float32", f"{2 * 2048**3 / _shortest(lambda: matrix @ matrix) / 1e9:.0f} GFLOP/s", ""
    yield "copying memory", f"{2 * many.nbytes / _shortest(many.clone) / 1e9:.1f} GB/s", ""


def measured_speed(raster: Path, plain: int) -> Iterator[Row]:
    """Compare the engine with the plain way, and `rsgpt batch` with the engine."""
    model_s, rows = answers(raster, plain)
    yield from rows
    yield from batch_runs(raster, model_s)


def answers(raster: Path, plain: int) -> tuple[float, list[Row]]:
    """Return the model's seconds for all tiles minus those for one, and the comparison with the plain way."""
    images = pictures(raster)
    other = ImageOps.mirror(images[0])  # a different picture for the warm-up
    model = load_model(model_folder("rsgpt-small"))
    _plainly(model, other, PROMPTS[0])
    slow, plain_answers = timed(
        lambda: [[_plainly(model, image, prompt) for prompt in PROMPTS] for image in images[:plain]]
    )
    engine = load_engine("rsgpt-small")
    retain_freed_memory()
    asked(engine, [other], PROMPTS, "warm")
    alone, _ = timed(lambda: asked(engine, [other], PROMPTS, "alone"))
    fast, _ = timed(lambda: asked(engine, images, PROMPTS))
    captions, _ = timed(lambda: asked(engine, images, PROMPTS[:1], "again"))
    greedy, _ = timed(lambda: asked(engine, images, PROMPTS[:1], "greedy", beams=1))
    written = asked(Engine(without_heads(engine.model)), images[:plain], PROMPTS)
    same = sum(ours == theirs for ours, theirs in zip(written, plain_answers, strict=True))
    each, ours = slow / plain, fast / len(images)
    return fast - alone, [
        ("plain way, a caption and three questions", f"{each:.2f} s per tile ({plain} tiles)", ""),
        ("engine, the same", f"{ours:.3f} s per tile ({len(images)} tiles)", ""),
        ("times faster", f"{each / ours:.1f}", "8"),
        ("tiles with the same answers, without heads", f"{same} of {plain}", "99 %"),
        ("engine, captions only", f"{len(images) / captions:.1f} tiles per second", "20"),
        ("engine, captions only, greedy", f"{len(images) / greedy:.1f} tiles per second", "20"),
    ]


def batch_runs(raster: Path, model_s: float) -> Iterator[Row]:
    """Measure `rsgpt batch` from raster to GeoPackage: once, again, and with another question.

    The first start reads from a cold disk and is not counted. The time for one tile is the overhead of every run.
    """
    with TemporaryDirectory() as folder, _empty_home(folder):
        out = Path(folder, "answers.gpkg")
        _, load = (_one_tile_seconds(raster, folder) for _ in range(2))
        first, again = (timed(lambda: _batch(raster, out, QUESTIONS))[0] for _ in range(2))
        other, encoded = timed(lambda: _counted_batch(raster, out, (*QUESTIONS, OTHER)))
        rows = pyogrio.read_info(out)["features"]
    with TemporaryDirectory() as folder, _empty_home(folder):
        captions, _ = timed(lambda: _batch(raster, Path(folder, "captions.gpkg"), ()))
    yield "rsgpt batch, start to end", f"{first:.1f} s for {rows} rows, {load:.1f} s for one", ""
    yield (
        "reading, writing, and the rest, relative to the model's time",
        f"{(first - load) / model_s - 1:.0%}",
        "below 10 %",
    )
    yield "rsgpt batch, captions only", f"{rows / (captions - load):.1f} tiles per second, without the start", "20"
    yield "the same again", f"{again:.1f} s, {first / again:.0f} times faster", "50"
    yield "one more question", f"{other:.1f} s, {encoded} pictures encoded", "0 pictures"


def clicks(raster: Path) -> Iterator[Row]:
    """Measure captions from a warm server for new pictures."""
    with TemporaryDirectory() as folder, _empty_home(folder), _served() as (url, key):
        times = [timed(partial(_click, url, key, image))[0] for image in pictures(raster, 9)]
    yield "one caption from a warm server", f"{statistics.median(times[1:]):.2f} s", "below 0.5 s"


def desktop(raster: Path) -> Iterator[Row]:
    """Measure QGIS from its cold start to the end of a run, for one tile and for all."""
    with TemporaryDirectory() as folder, _empty_home(folder):
        corner = _corner(raster, folder)
        one, _ = timed(lambda: _qgis(corner, Path(folder, "one.gpkg")))
        first, again = (timed(lambda: _qgis(raster, Path(folder, "all.gpkg")))[0] for _ in range(2))
    yield "QGIS and model server from cold, one tile", f"{one:.1f} s", "below 10 s"
    yield "rsgpt:describeraster, all tiles", f"{first:.1f} s", ""
    yield "the same again", f"{again:.1f} s, {first / again:.0f} times faster", "50"


def pictures(raster: Path, limit: int | None = None) -> list[Image.Image]:
    """Return the first `limit` tiles, or all."""
    plan = make_plan(str(raster), TilingOptions())
    with TileReader(plan) as reader:
        return [Image.fromarray(reader.picture(tile).rgb) for tile in islice(plan.tiles, limit)]


def asked(
    engine: Engine, images: Sequence[Image.Image], prompts: Sequence[str], mark: str = "", beams: int = 0
) -> list[list[str]]:
    """Return the answers for each picture, with the batch size of `rsgpt batch`.

    mark: part of the pictures' keys; with a new mark, the engine encodes the pictures again.
    """
    pairs = [(number, prompt) for number in range(len(images)) for prompt in prompts]
    asks = [Ask(images[number], f"{number}{mark}", prompt, MAX_NEW_TOKENS, beams=beams) for number, prompt in pairs]
    size = tiles_per_batch(len(prompts)) * len(prompts)
    parts = [asks[start : start + size] for start in range(0, len(asks), size)]
    texts = [answer.text for part in parts for answer in engine.answer(part)]
    return [texts[start : start + len(prompts)] for start in range(0, len(texts), len(prompts))]


@torch.inference_mode()
def _plainly(model: Rsgpt, image: Image.Image, prompt: str) -> str:
    config = model.config
    eos = config.language.eos_id
    rules = DecodingRules(eos, config.repetition_penalty, config.no_repeat_ngram)
    yes = model.tokenizer.encode(f"{config.language.lead}yes", add_special_tokens=False)[0]
    prefix = model.prefix(model.encode(to_bytes([image], config.vision.image_size)), model.instruct([prompt]))
    found = model.language.generate(
        inputs_embeds=prefix.embeds,
        attention_mask=prefix.mask,
        logits_processor=LogitsProcessorList([_YesBias(yes, config.yes_odds), *rules.processors()]),
        generation_config=GenerationConfig(
            max_new_tokens=MAX_NEW_TOKENS, min_new_tokens=1, num_beams=config.beams, early_stopping=not config.patient,
            do_sample=False, eos_token_id=eos, pad_token_id=eos,
        ),
    )  # fmt: skip
    return str(model.tokenizer.decode(found[0], skip_special_tokens=True)).strip()


class _YesBias(LogitsProcessor):
    """Adds log odds to a yes as the first token of an answer."""

    def __init__(self, yes: int, odds: float) -> None:
        self._yes, self._odds = yes, odds

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        scores[:, self._yes] += self._odds
        self._odds = 0.0
        return scores


def _one_tile_seconds(raster: Path, folder: str) -> float:
    """Return the seconds for a new tile."""
    corner = _corner(raster, folder)
    return timed(lambda: _batch(corner, corner.with_suffix(".gpkg"), QUESTIONS))[0]


def _batch(raster: Path, out: Path, questions: Sequence[str], program: str = "rsgpt_backend") -> str:
    options = [part for line in questions for part in ("--question", line)]
    return run(sys.executable, "-m", program, "batch", str(raster), "--out", str(out), *options)


def _counted_batch(raster: Path, out: Path, questions: Sequence[str]) -> int:
    """Run `rsgpt batch` and return the number of encoded pictures."""
    return int(_batch(raster, out, questions, "benchmarks.counted").splitlines()[-1])


def _qgis(raster: Path, out: Path) -> None:
    asked = ("QUESTIONS=" + "\n".join(QUESTIONS), "TILE_SIZE=256", f"INPUT={raster}", f"OUTPUT={out}")
    run(str(ROOT / "scripts" / "qgis_process"), "run", "rsgpt:describeraster", "--", *asked)


@contextmanager
def _empty_home(folder: str) -> Iterator[None]:
    """Set RSGPT_HOME to a folder with the same environment and model, without answers and encoded pictures."""
    home = os.environ["RSGPT_HOME"]
    os.environ["RSGPT_HOME"] = str(forgetful_home(Path(folder, "home"), Path(home)))
    try:
        yield
    finally:
        os.environ["RSGPT_HOME"] = home


def _corner(raster: Path, folder: str) -> Path:
    """Write a new raster of one tile."""
    now = time.time_ns()
    out = Path(folder, f"{now}.tif")
    noise = np.random.default_rng(now).integers(0, 64, (256, 256, 3), dtype=np.uint8)
    Image.fromarray(np.asarray(pictures(raster, 1)[0]) // 2 + noise).save(out.with_suffix(".png"))
    run("gdal_translate", "-q", "-a_srs", "EPSG:32611", "-a_ullr", "500000", "4000077", "500077", "4000000",
         str(out.with_suffix(".png")), str(out))  # fmt: skip
    return out


@contextmanager
def _served() -> Iterator[tuple[str, str]]:
    command = [sys.executable, "-m", "rsgpt_backend", "serve", "--port", "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        try:
            address = json.loads(server.stdout.readline())  # type: ignore[union-attr]  # it is a pipe
            yield address["url"], address["api_key"]
        finally:
            server.terminate()


def _click(url: str, key: str, image: Image.Image) -> None:
    png = io.BytesIO()
    image.save(png, "PNG")
    picture = {"url": "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()}
    content = [{"type": "text", "text": PROMPTS[0]}, {"type": "image_url", "image_url": picture}]
    body = json.dumps({"model": "rsgpt-small", "messages": [{"role": "user", "content": content}]}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{url}/chat/completions", body, headers)
    while True:
        try:
            urllib.request.urlopen(request, timeout=60).read()
            return
        except urllib.error.HTTPError as error:
            if error.code != 503:  # still loading
                raise
            time.sleep(0.2)


def _shortest(work: Callable[[], Any]) -> float:
    return min(timed(work)[0] for _ in range(5))


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raster", type=Path)
    parser.add_argument("--plain", type=int, default=8, help="number of tiles to describe the plain way")
    args = parser.parse_args()
    print_table(limits(), measured_speed(args.raster, args.plain), clicks(args.raster), desktop(args.raster))


if __name__ == "__main__":
    main()
