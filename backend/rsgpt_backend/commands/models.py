"""`rsgpt models`: what is installed. It loads nothing."""

from __future__ import annotations

import argparse

from ..model.config import ModelConfig
from ..model.registry import model_folder, shipped_models
from .output import Output


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `models` command."""
    parser = subparsers.add_parser("models", help="list the installed models")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List them."""
    output = Output(args.json)
    for name in shipped_models():
        config = ModelConfig.read(model_folder(name))
        data = {"name": name, "weights_sha256": config.weights_sha256, "licence": config.licence}
        output.result(data, f"{name}  {config.weights_sha256[:12]}  licence: {config.licence}")
    return output.exit_code
