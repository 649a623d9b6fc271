"""`rsgpt models`: the installed models and the memory they need, without loading weights."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..model.config import ModelConfig
from ..model.registry import model_folder, shipped_models
from .printing import ResultPrinter


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `models` command."""
    parser = subparsers.add_parser("models", help="list the installed models")
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="additional model folder to list")
    parser.add_argument(
        "--memory", action="store_true", help="also show how much memory each model needs; this takes some seconds"
    )
    parser.add_argument("--device", default="auto", help="device for --memory, as in `rsgpt serve`")
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List the models; return 1 if a folder does not hold a model."""
    output = ResultPrinter(args.json)
    for name in [*shipped_models(), *args.folders]:
        try:
            data = _described(name)
            if args.memory:
                data |= _memory(model_folder(name), args.device)
            output.result(data, _line(data))
        except ModelError as error:
            output.failure({"name": name}, error)
    return output.exit_code


def _described(name: str) -> dict[str, Any]:
    folder = model_folder(name)
    config = ModelConfig.read(folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    described = {"name": config.name, "weights_sha256": config.weights_sha256, "licence": config.licence}
    return {**described, "folder": str(folder), "bytes": size}


def _memory(folder: Path, device: str) -> dict[str, Any]:
    """Return the memory in the precision that `auto` selects, or why the model does not fit. ModelError if damaged."""
    from ..model.hardware.device_map import select_devices  # noqa: PLC0415
    from ..model.hardware.memory import choose_precision, device_memory, model_size  # noqa: PLC0415
    from ..model.language.language_files import language_folder  # noqa: PLC0415 - imports torch

    selected = select_devices(device)
    size = model_size(folder, language_folder(ModelConfig.read(folder).language, folder))
    try:
        precision = choose_precision(size, device_memory(selected))
    except ModelError as error:
        return {"device": str(selected[0]), "does_not_fit": str(error)}
    return {"device": str(selected[0]), "precision": precision, "memory": round(size.bytes(precision))}


def _line(data: dict[str, Any]) -> str:
    parts = [data["name"], data["weights_sha256"][:12], f"{data['bytes'] / 1e6:.0f} MB"]
    if "memory" in data:
        parts.append(f"memory: {data['memory'] / 1e9:.1f} GB in {data['precision']}")
    if "does_not_fit" in data:
        parts.append(data["does_not_fit"])
    return "  ".join([*parts, f"license: {data['licence']}"])
