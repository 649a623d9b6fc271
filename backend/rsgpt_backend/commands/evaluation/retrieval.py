"""`rsgpt evaluate retrieval`: how often the right sentence or picture is found by its vector."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..model_options import add_gsd, add_model, engine_from, note_unused_gsd
from ..printing import ResultPrinter


def add_retrieval_parser(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `evaluate retrieval`."""
    parser = kinds.add_parser("retrieval", help="recall of pictures by their sentences, and the reverse")
    parser.add_argument("--images", type=Path, required=True, help="folder or zip file of pictures")
    parser.add_argument("--annotations", type=Path, required=True, help="caption file")
    parser.add_argument("--limit", type=int, metavar="N", help="maximum number of pictures, evenly spread")
    add_gsd(parser)
    add_model(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run_retrieval)


def run_retrieval(args: argparse.Namespace) -> int:
    """Print how often the right picture or sentence is among the best."""
    from ...evaluate.retrieval import evaluate  # noqa: PLC0415 - imports numpy

    engine = engine_from(args)
    note_unused_gsd(args, engine)
    scores = evaluate(engine, args.images, args.annotations, args.limit, args.gsd)
    output = ResultPrinter(args.json)
    output.result(scores, "\n".join(_lines(scores)))
    return output.exit_code


def _lines(scores: dict[str, Any]) -> Iterator[str]:
    """Yield one line per score, with its interval."""
    for name, value in scores.items():
        if name != "intervals":
            ends = scores["intervals"].get(name)
            yield f"{name:>28}  {value}" + (f"  ({ends[0]} to {ends[1]})" if ends else "")
