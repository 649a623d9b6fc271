"""How fast answers come, beside transformers' own `generate` on the same weights, prompts and lengths.

Each way runs in a process of its own, so that its peak of memory is its own. It judges no answers.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import psutil
import torch
from PIL import Image
from transformers import GenerationConfig

from rsgpt_plugin.shared.text import clean

from .engine.engine import Engine
from .engine.loading import fitting_precision, load_engine
from .errors import ModelError
from .model.hardware.device_map import devices, place
from .model.hardware.precision import NAMES, Precision
from .model.registry import model_folder
from .model.rsgpt import Rsgpt
from .model.vision.encoders import to_bytes
from .model.weights import load_model
from .predictor import Ask

Implementation = Literal["plain", "engine"]
PROMPTS = ("Describe this image.", "Is there any water?", "How many cars are there?", "What color is the roof?",
           "Where is the road?")  # fmt: skip
_NEVER = -1  # an end token that no answer has, so that lengths are those that were asked for


@dataclass(frozen=True)
class Workload:
    """tiles: pictures that are asked about; lengths: tokens of the answer to each of PROMPTS, as far as there are any;
    batch: prompts that the engine answers together."""

    tiles: int
    lengths: tuple[int, ...]
    batch: int = 32


_FIRST = Workload(1, (1,))  # reads what loading left on disk; not measured


@dataclass(frozen=True)
class Speed:
    """load_s, seconds: to load and answer once, to answer then; peak: bytes of memory at most; answers: in order."""

    way: Implementation
    precision: str
    tiles: int
    load_s: float
    seconds: float
    peak: int
    answers: tuple[str, ...]

    @property
    def seconds_a_tile(self) -> float:
        """Without loading."""
        return self.seconds / self.tiles


def measure(way: Implementation, name: str, precision: str, work: Workload) -> Speed:
    """Run in a fresh process. EngineError and ModelError come back as they are."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, way, name, precision, work).result()


def _measured(way: Implementation, name: str, precision: str, work: Workload) -> Speed:
    started = time.perf_counter()
    model = load_engine(name, precision).model if way == "engine" else _plain_model(name, precision)
    config = model.config
    language = replace(config.language, eos_id=_NEVER)
    model.config = replace(config, language=language, beams=1, repetition_penalty=1.0, no_repeat_ngram=0, yes_odds=0.0)
    _answers(way, model, _FIRST)
    loaded = time.perf_counter()
    answers = _answers(way, model, work)
    done = time.perf_counter()
    return Speed(way, precision, work.tiles, loaded - started, done - loaded, _peak(), tuple(answers))


def _answers(way: Implementation, model: Rsgpt, work: Workload) -> list[str]:
    return _engine(Engine(model), work) if way == "engine" else _plain(model, work)


def _plain_model(name: str, wanted: str) -> Rsgpt:
    """As transformers loads one: encoder and language model in the same number format, each matrix whole."""
    chosen = fitting_precision(name, wanted)
    language, bits = NAMES[chosen]
    if bits:
        raise ModelError(f"The plain way has no {chosen}, and more does not fit this machine. Choose a smaller model.")
    model = load_model(model_folder(name), Precision(language, encoder=language))
    model.language.generation_config.eos_token_id = None  # `generate` would end there, whatever it is told
    return place(model, devices())


@torch.inference_mode()
def _plain(model: Rsgpt, work: Workload) -> list[str]:
    """One prompt after the other, from the picture on."""
    found = []
    for tile in range(work.tiles):
        for prompt, length in _asked(work):
            pixels = to_bytes([_picture(tile)], model.config.vision.image_size).to(_device(model))
            prefix = model.prefix(model.encode(pixels), model.instruct([prompt]))
            settings = GenerationConfig(max_new_tokens=length, do_sample=False, pad_token_id=0)
            ids = model.language.generate(
                inputs_embeds=prefix.embeds, attention_mask=prefix.mask, generation_config=settings
            )
            found.append(clean(model.tokenizer.decode(ids[0, -length:], skip_special_tokens=True).strip()))
    return found


def _engine(engine: Engine, work: Workload) -> list[str]:
    asks = [
        Ask(_picture(tile), str(tile), prompt, max_new_tokens=length)
        for tile in range(work.tiles)
        for prompt, length in _asked(work)
    ]
    parts = [asks[start : start + work.batch] for start in range(0, len(asks), work.batch)]
    return [answer.text for part in parts for answer in engine.answer(part)]


def _asked(work: Workload) -> Sequence[tuple[str, int]]:
    return list(zip(PROMPTS, work.lengths, strict=False))


def _picture(number: int) -> Image.Image:
    """Noise that differs from tile to tile: how long an answer takes does not depend on what is seen."""
    noise = torch.randint(0, 256, (256, 256, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(number))
    return Image.fromarray(noise.numpy())


def _device(model: Rsgpt) -> torch.device:
    return next(model.bridge.parameters()).device


def _peak() -> int:
    """Bytes of memory that this process held at most: of GPUs where there are any, else of the machine.

    What it may drop at any time, as pages of a file, counts too.
    """
    if torch.cuda.is_available():
        return sum(map(torch.cuda.max_memory_allocated, devices()))
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource  # noqa: PLC0415 - there is none on Windows

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
