"""`rsgpt convert`: a model folder from published checkpoints. Code inside checkpoints is never run."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..model.published_models import FAMILY
from .printing import ResultPrinter


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `convert` command."""
    parser = subparsers.add_parser("convert", help="convert published checkpoints to a model folder")
    parser.add_argument(
        "checkpoints", nargs="+", type=Path, metavar="CHECKPOINT",
        help="file of LAVIS, RSGPT, or MiniGPT-4, or transformers folder; later files replace tensors of earlier ones",
    )  # fmt: skip
    parser.add_argument("--language", type=Path, metavar="FOLDER", help="language model in the format of transformers")
    parser.add_argument("--reader", type=Path, metavar="FOLDER", help="tokenizer of bert-base-uncased")
    parser.add_argument(
        "--as", dest="member", choices=sorted(FAMILY), help="type of the model, if the tensor names do not show it"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the new model")
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Convert the checkpoints and print the name and license of the model."""
    from ..convert.conversion import ConversionSources, convert  # noqa: PLC0415 - other commands start without torch

    output = ResultPrinter(args.json)
    member = FAMILY[args.member] if args.member else None
    config = convert(ConversionSources(args.checkpoints, args.language, args.reader), args.out, member)
    data = {"name": config.name, "weights_sha256": config.weights_sha256, "licence": config.licence}
    output.result({**data, "folder": str(args.out)}, f"{config.name}: {args.out}\nLicense: {config.licence}")
    return output.exit_code
