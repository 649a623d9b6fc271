"""Benchmark of the engine against `generate` of transformers, with the same weights, prompts and answer lengths.

Each implementation runs in a separate process, so that its peak memory can be measured.
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
from .model.hardware.device_map import place_on_devices, select_devices
from .model.hardware.precision import NAMES, Precision
from .model.registry import model_folder
from .model.rsgpt import Rsgpt
from .model.vision.encoders import to_bytes
from .model.weights import load_model
from .predictor import Ask

Implementation = Literal["plain", "engine"]
PROMPTS = ("Describe this image.", "Is there any water?", "How many cars are there?", "What color is the roof?",
           "Where is the road?")  # fmt: skip
_NO_EOS = -1  # an end token that does not exist, so that all answers have the requested length


@dataclass(frozen=True)
class Workload:
    """tiles: number of pictures; lengths: tokens of the answers to the first prompts of PROMPTS;
    batch: prompts that the engine answers together."""

    tiles: int
    lengths: tuple[int, ...]
    batch: int = 32


_WARM_UP = Workload(1, (1,))  # not measured: reads weights that loading left on disk


@dataclass(frozen=True)
class Speed:
    """The result of a benchmark.

    load_s: seconds to load the model and to warm up; seconds: to answer; peak: maximum memory in bytes;
    answers: in the order of the prompts.
    """

    way: Implementation
    precision: str
    tiles: int
    load_s: float
    seconds: float
    peak: int
    answers: tuple[str, ...]

    @property
    def seconds_a_tile(self) -> float:
        """Seconds per tile, without loading."""
        return self.seconds / self.tiles


def measure(implementation: Implementation, name: str, precision: str, work: Workload) -> Speed:
    """Run a workload in a new process. Raises EngineError or ModelError if the model fails or cannot be loaded."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measure, implementation, name, precision, work).result()


def without_heads(model: Rsgpt) -> Rsgpt:
    """Remove the heads that answer questions, so that the language model writes all answers, as with `generate`."""
    model.config = replace(model.config, finder=None, classifier=None, question_parser=None, novelty=None)
    model.finder = model.classifier = model.question_parser = model.novelty = None
    return model


def _measure(implementation: Implementation, name: str, precision: str, work: Workload) -> Speed:
    started = time.perf_counter()
    model = load_engine(name, precision).model if implementation == "engine" else _plain_model(name, precision)
    config = without_heads(model).config
    language = replace(config.language, eos_id=_NO_EOS)
    model.config = replace(config, language=language, beams=1, repetition_penalty=1.0, no_repeat_ngram=0, yes_odds=0.0)
    _answers(implementation, model, _WARM_UP)
    loaded = time.perf_counter()
    answers = _answers(implementation, model, work)
    done = time.perf_counter()
    return Speed(implementation, precision, work.tiles, loaded - started, done - loaded, _peak(), tuple(answers))


def _answers(implementation: Implementation, model: Rsgpt, work: Workload) -> list[str]:
    return _engine_answers(Engine(model), work) if implementation == "engine" else _plain_answers(model, work)


def _plain_model(name: str, wanted: str) -> Rsgpt:
    """Load a model as transformers does: encoder and language model in one number format, without optimizations."""
    chosen = fitting_precision(name, wanted)
    language, bits = NAMES[chosen]
    if bits:
        raise ModelError(
            f"The plain implementation does not support {chosen}, and the model does not fit this machine in a higher "
            "precision. Choose a smaller model."
        )
    model = load_model(model_folder(name), Precision(language, encoder=language))
    model.language.generation_config.eos_token_id = None  # `generate` ends there even if another token is passed
    return place_on_devices(model, select_devices())


@torch.inference_mode()
def _plain_answers(model: Rsgpt, work: Workload) -> list[str]:
    """Answer one prompt at a time, and encode the picture for each."""
    answers = []
    for tile in range(work.tiles):
        for prompt, length in _prompts(work):
            pixels = to_bytes([_picture(tile)], model.config.vision.image_size).to(_device(model))
            prefix = model.prefix(model.encode(pixels), model.instruct([prompt]))
            settings = GenerationConfig(max_new_tokens=length, do_sample=False, pad_token_id=0)
            ids = model.language.generate(
                inputs_embeds=prefix.embeds, attention_mask=prefix.mask, generation_config=settings
            )
            answers.append(clean(model.tokenizer.decode(ids[0, -length:], skip_special_tokens=True).strip()))
    return answers


def _engine_answers(engine: Engine, work: Workload) -> list[str]:
    asks = [
        Ask(_picture(tile), str(tile), prompt, max_new_tokens=length)
        for tile in range(work.tiles)
        for prompt, length in _prompts(work)
    ]
    parts = [asks[start : start + work.batch] for start in range(0, len(asks), work.batch)]
    return [answer.text for part in parts for answer in engine.answer(part)]


def _prompts(work: Workload) -> Sequence[tuple[str, int]]:
    return list(zip(PROMPTS, work.lengths, strict=False))


def _picture(number: int) -> Image.Image:
    """Return noise that differs per tile; the speed does not depend on the content of a picture."""
    noise = torch.randint(0, 256, (256, 256, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(number))
    return Image.fromarray(noise.numpy())


def _device(model: Rsgpt) -> torch.device:
    return next(model.bridge.parameters()).device


def _peak() -> int:
    """Return the maximum memory of this process in bytes: of the GPUs, or of the machine if there are none.

    This includes cached pages of files, which the kernel may drop at any time.
    """
    if torch.cuda.is_available():
        return sum(map(torch.cuda.max_memory_allocated, select_devices()))
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource  # noqa: PLC0415 - not available on Windows

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
