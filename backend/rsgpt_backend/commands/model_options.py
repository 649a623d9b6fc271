"""Command-line options for the model, its precision and device, and loading the engine that they select."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from rsgpt_plugin.shared.rasters.ellipsoid import MAX_GSD_M, MIN_GSD_M

from ..model.config import ModelConfig
from ..model.registry import DEFAULT_MODEL, model_folder
from .printing import note

if TYPE_CHECKING:
    from ..engine.engine import Engine

PRECISIONS = ("auto", "fp32", "bf16", "fp16", "int8", "int4")  # as in model/precision.py, which needs torch
_FEATURES_MB = 2000


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Add --model and --precision."""
    parser.add_argument("--model", default=DEFAULT_MODEL, help="model folder, or a name listed by `rsgpt models`")
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="auto",
        help="precision of the language model; auto selects the best one that fits into memory",
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add --model, --precision, --device and --threads."""
    add_choice(parser)
    parser.add_argument(
        "--device", default="auto", help="cpu, cuda, cuda:N, or mps; auto uses all GPUs, or the CPU if there is none"
    )
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="number of CPU threads; 0 uses all cores")


def add_features(parser: argparse.ArgumentParser) -> None:
    """Add --features, which caching_engine_from reads."""
    parser.add_argument(
        "--features",
        type=int,
        default=_FEATURES_MB,
        metavar="MB",
        help="disk space for encoded pictures, so that later runs do not encode them again; 0 stores none "
        f"({_FEATURES_MB})",
    )


def add_gsd(parser: argparse.ArgumentParser) -> None:
    """Add --gsd."""
    parser.add_argument(
        "--gsd",
        type=gsd_value,
        metavar="METRES",
        help="ground meters per pixel of the pictures, if known; models that do not use it ignore it",
    )


def note_unused_gsd(args: argparse.Namespace, engine: Engine) -> None:
    """Print a note if --gsd is given to a model that does not use it."""
    if args.gsd is not None and not engine.capabilities.gsd:
        note(f"{engine.name} does not use the ground resolution, so --gsd changes nothing.")


def engine_from(args: argparse.Namespace) -> Engine:
    """Load the model that add_model's options select. Raises ModelError if it is missing or too large for memory."""
    ModelConfig.read(model_folder(args.model))  # report a broken model before importing torch
    import torch  # noqa: PLC0415 - report wrong usage, and let the server listen, first

    from ..engine.loading import load_engine  # noqa: PLC0415
    from ..model.hardware.heap import retain_freed_memory  # noqa: PLC0415

    if args.threads > 0:
        torch.set_num_threads(args.threads)
    engine = load_engine(args.model, args.precision, note, args.device)
    retain_freed_memory()  # not earlier: memory freed by moving and packing weights goes back to the system
    return engine


def caching_engine_from(args: argparse.Namespace) -> Engine:
    """Load the model and store the features of pictures on disk for later runs."""
    engine = engine_from(args)
    engine.cache_features(args.features * 1_000_000)
    return engine


def confidence_value(text: str) -> float:
    """Return the confidence of a command-line argument, 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("a confidence is a number from 0 to 1")
    return value


def count_value(text: str) -> int:
    """Return the number of a command-line argument, at least 1."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError("write a whole number above 0")
    return int(text)


def gsd_value(text: str) -> float:
    """Return the meters per pixel of a command-line argument."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not MIN_GSD_M <= value <= MAX_GSD_M:
        raise argparse.ArgumentTypeError(f"write meters per pixel, a number from {MIN_GSD_M:g} to {MAX_GSD_M:.0f}")
    return value
