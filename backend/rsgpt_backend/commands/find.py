"""`rsgpt find`: points, counts and boxes of named objects in pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rsgpt_plugin.shared.vocabulary.object_nouns import labels_of

from ..data.image_files import open_image
from ..errors import EngineError, ImageError
from ..model.config import ModelConfig
from ..model.registry import model_folder
from .model_options import add_gsd, add_model, engine_from
from .printing import ResultPrinter

if TYPE_CHECKING:
    from ..engine.heads.finding import FoundObjects

_LISTED = 5  # points of a line of text


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `find` command."""
    parser = subparsers.add_parser(
        "find", help="find and count objects in pictures", description="Find and count objects in pictures."
    )
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="PNG, JPEG, or TIFF file")
    parser.add_argument(
        "--object",
        action="append",
        required=True,
        metavar="NOUN",
        help="what to find, for example airplane or houses; can be repeated",
    )
    add_gsd(parser)
    add_model(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.set_defaults(run=run_find)


def run_find(args: argparse.Namespace) -> int:
    """Find every object in every picture; return 1 if some pictures could not be read."""
    check_nouns(args.model, args.object)
    engine = engine_from(args)
    from ..engine.heads.finding import find_objects  # noqa: PLC0415 - report wrong usage before importing torch

    output = ResultPrinter(args.json)
    for path in args.images:
        try:
            found = find_objects(engine.model, open_image(Path(path)), args.object, args.gsd)
        except (ImageError, EngineError) as error:
            for noun in args.object:
                output.failure({"image": path, "object": noun}, error)
            continue
        for objects in found:
            output.result(_data(path, objects), _line(path, objects))
    return output.exit_code


def check_nouns(model: str, nouns: list[str]) -> list[str]:
    """Return the labels of the nouns, without loading the model.

    Raises ModelError if the model has no finder, and QuestionError for a noun that it does not know.
    """
    return labels_of(nouns, ModelConfig.read(model_folder(model)).require_finder().labels)


def _data(path: str, objects: FoundObjects) -> dict[str, Any]:
    points = [
        {
            "x": round(point.x, 1),
            "y": round(point.y, 1),
            "confidence": round(point.confidence, 4),
            "box": [round(value, 1) for value in box] if (box := objects.box(point)) else None,
        }
        for point in objects.points
    ]
    return {"image": path, "object": objects.noun, "count": len(points), "points": points}


def _line(path: str, objects: FoundObjects) -> str:
    count = len(objects.points)
    shown = [f"({point.x:.0f}, {point.y:.0f}) {point.confidence:.0%}" for point in objects.points[:_LISTED]]
    if count > _LISTED:
        shown.append(f"and {count - _LISTED} more")
    return f"{path}: {objects.noun}: {count}" + (f" at {', '.join(shown)}" if shown else "")
