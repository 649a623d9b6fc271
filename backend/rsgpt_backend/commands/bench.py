"""`rsgpt bench`: the speed of a model on this machine, compared with plain transformers generation."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from .model_options import PRECISIONS, add_choice, count_value
from .printing import ResultPrinter

if TYPE_CHECKING:
    from ..benchmark import Speed, Workload

_CAPTION, _ANSWER = 40, 5  # tokens
_PLAIN = tuple(name for name in PRECISIONS if not name.startswith("int"))
_PLAIN_TILES = 3  # plain generation is slow and takes the same time for every tile


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `bench` command."""
    parser = subparsers.add_parser(
        "bench",
        help="measure how fast a model answers",
        description="Measure a caption of 40 tokens and four answers of 5 tokens for each of several tiles, and one "
        "answer for one tile, with this program and with the generation of transformers in the precision of --plain.",
    )
    add_choice(parser)
    parser.add_argument("--plain", choices=_PLAIN, default="auto", help="precision of the generation of transformers")
    parser.add_argument("--tiles", type=count_value, default=16, help="number of tiles (16)")
    parser.add_argument("--batch", type=count_value, default=32, help="number of prompts per batch (32)")
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure both ways of generation once and print the results."""
    from ..benchmark import Workload  # noqa: PLC0415 - report wrong usage before importing torch

    many = Workload(args.tiles, (_CAPTION, *[_ANSWER] * 4), args.batch)
    _compare(args, "a caption and four answers per tile", many)
    _compare(args, "one answer about one tile", Workload(1, (_ANSWER,)))
    return 0


def _compare(args: argparse.Namespace, title: str, work: Workload) -> None:
    from ..benchmark import measure  # noqa: PLC0415

    output = ResultPrinter(args.json)
    plain = measure("plain", args.model, args.plain, replace(work, tiles=min(work.tiles, _PLAIN_TILES)))
    _print_speed(output, title, plain)
    ours = measure("engine", args.model, args.precision, work)
    _print_speed(output, title, ours)
    same = sum(theirs == our for theirs, our in zip(plain.answers, ours.answers, strict=False))
    ratios: dict[str, Any] = {
        "what": title,
        "faster": round(plain.seconds_a_tile / ours.seconds_a_tile, 2),
        "memory": round(ours.peak / plain.peak, 2),
        "same_answers": [same, len(plain.answers)],
    }
    text = f"{title}: {ratios['faster']} times faster, {ratios['memory']:.0%} of the memory"
    output.result(ratios, f"{text}, {same} of {len(plain.answers)} answers the same")


def _print_speed(output: ResultPrinter, title: str, speed: Speed) -> None:
    data = {key: value for key, value in asdict(speed).items() if key != "answers"}
    rounded = {key: round(value, 3) if isinstance(value, float) else value for key, value in data.items()}
    text = f"{speed.way}, {speed.precision}: {speed.seconds_a_tile:.2f} s per tile"
    output.result(
        {"what": title, **rounded, "seconds_a_tile": round(speed.seconds_a_tile, 3)},
        f"{text}, loaded in {speed.load_s:.1f} s, peak memory {speed.peak / 1e9:.1f} GB",
    )
