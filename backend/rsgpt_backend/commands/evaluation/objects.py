"""`rsgpt evaluate objects`: found objects against the boxes of an object file."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...evaluate.result import EvaluationResult, benchmark_name, is_result
from ..find import check_nouns
from ..model_options import add_model, engine_from
from ..output_files import check_file
from ..printing import ResultPrinter


def add_objects_parser(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `evaluate objects`."""
    parser = kinds.add_parser("objects", help="found objects and their counts, against boxes")
    parser.add_argument("--images", type=Path, required=True, help="folder or zip file of pictures")
    parser.add_argument("--annotations", type=Path, required=True, help="file of object boxes")
    parser.add_argument(
        "--object",
        action="append",
        default=[],
        metavar="NOUN",
        help="object to score; can be repeated; without it, all that have boxes",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="maximum number of pictures, evenly spread")
    add_model(parser)
    parser.add_argument("--answers", type=Path, help="JSON file for the scores and all points")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run_objects)


def run_objects(args: argparse.Namespace) -> int:
    """Score the found objects and print the scores."""
    if args.answers:
        check_file(args.answers, [args.images, args.annotations], is_result)
    labels = check_nouns(args.model, args.object)
    engine = engine_from(args)
    from ...evaluate.object_finding import evaluate_objects  # noqa: PLC0415 - report wrong usage before importing torch

    scores, rows = evaluate_objects(engine.model, args.images, args.annotations, labels, args.limit)
    output = ResultPrinter(args.json)
    output.result(scores, "\n".join(_lines(scores)))
    if args.answers:
        name, images = benchmark_name(args.annotations), str(args.images.resolve())
        result = EvaluationResult("objects", name, engine.name, engine.weights_sha256, images, scores, rows)
        result.write(args.answers)
    return output.exit_code


def _lines(scores: dict[str, Any]) -> Iterator[str]:
    """Yield the number of pictures, and one line per object and score, with its interval."""
    yield f"{'pictures':>20}  {scores['pictures']}"
    for label, values in scores["objects"].items():
        for name, value in values.items():
            ends = scores["intervals"][label].get(name)
            shown = "not measured: all pictures have cut objects" if value is None else value
            yield f"{f'{label} {name}':>20}  {shown}" + (f"  ({ends[0]} to {ends[1]})" if ends else "")
