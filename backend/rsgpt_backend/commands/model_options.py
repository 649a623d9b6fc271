"""Which model a command asks, on what and in what precision: the same options everywhere. It loads on demand."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..model.config import ModelConfig
from ..model.registry import DEFAULT_MODEL, model_folder
from .printing import note

if TYPE_CHECKING:
    from ..engine.engine import Engine

PRECISIONS = ("auto", "fp32", "bf16", "fp16", "int8", "int4")  # as in model/precision.py, which needs torch
_FEATURES_MB = 2000


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Add --model and --precision."""
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a name that `rsgpt models` lists, or a folder")
    parser.add_argument(
        "--precision", choices=PRECISIONS, default="auto", help="of the language model; auto takes the best that fits"
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add --model, --precision, --device and --threads."""
    add_choice(parser)
    parser.add_argument(
        "--device", default="auto", help="cpu, cuda, cuda:N or mps; auto takes all GPUs, or else the processor"
    )
    parser.add_argument(
        "--threads", type=int, default=0, metavar="N", help="of the processor; 0 takes as many as it has cores"
    )


def add_features(parser: argparse.ArgumentParser) -> None:
    """Add --features, for caching_engine_from."""
    parser.add_argument(
        "--features",
        type=int,
        default=_FEATURES_MB,
        metavar="MB",
        help="room on the disk for what the encoder made of pictures, so that none is encoded again by a later run; "
        f"0 keeps nothing ({_FEATURES_MB})",
    )


def engine_from(args: argparse.Namespace) -> Engine:
    """The model of add_model's options, ready to answer. ModelError: none of that name, or too little memory."""
    ModelConfig.read(model_folder(args.model))  # what is wrong with it is told at once
    import torch  # noqa: PLC0415 - wrong use is told, and the server listens, before torch is imported

    from ..engine.loading import load_engine  # noqa: PLC0415
    from ..model.hardware.heap import retain_freed_memory  # noqa: PLC0415

    if args.threads > 0:
        torch.set_num_threads(args.threads)
    engine = load_engine(args.model, args.precision, note, args.device)
    retain_freed_memory()  # from here on: weights that were moved or packed are to be given back
    return engine


def caching_engine_from(args: argparse.Namespace) -> Engine:
    """The same, with the features of pictures kept for engines to come."""
    engine = engine_from(args)
    engine.cache_features(args.features * 1_000_000)
    return engine


def share(text: str) -> float:
    """A confidence on the command line."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("a confidence is a number from 0 to 1")
    return value
