"""`rsgpt convert`: published checkpoints into a model folder. Nothing in them is run."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..model.published_models import FAMILY
from .printing import ResultPrinter


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `convert` command."""
    parser = subparsers.add_parser("convert", help="make a model folder of published checkpoints")
    parser.add_argument(
        "checkpoints", nargs="+", type=Path, metavar="CHECKPOINT",
        help="files of LAVIS, RSGPT or MiniGPT-4, or a transformers folder; later ones replace what earlier ones gave",
    )  # fmt: skip
    parser.add_argument("--language", type=Path, metavar="FOLDER", help="the language model, as transformers keeps it")
    parser.add_argument("--reader", type=Path, metavar="FOLDER", help="the tokenizer of bert-base-uncased")
    parser.add_argument("--as", dest="member", choices=sorted(FAMILY), help="what it is, where its names do not tell")
    parser.add_argument("--out", type=Path, required=True, help="the new model's folder")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Convert, and say what it was."""
    from ..convert.conversion import ConversionSources, convert  # noqa: PLC0415 - other commands need no torch at their start

    output = ResultPrinter(args.json)
    member = FAMILY[args.member] if args.member else None
    config = convert(ConversionSources(args.checkpoints, args.language, args.reader), args.out, member)
    data = {"name": config.name, "weights_sha256": config.weights_sha256, "licence": config.licence}
    output.result({**data, "folder": str(args.out)}, f"{config.name}: {args.out}\nLicence: {config.licence}")
    return output.exit_code
