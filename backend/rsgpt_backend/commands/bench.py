"""`rsgpt bench`: how fast a model answers on this machine, beside transformers' plain way."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .model_options import PRECISIONS, add_choice
from .printing import ResultPrinter

if TYPE_CHECKING:
    from ..benchmark import Speed, Workload

_CAPTION, _ANSWER = 40, 5  # tokens
_PLAIN = tuple(name for name in PRECISIONS if not name.startswith("int"))
_PLAIN_TILES = 3  # the plain way takes long and is the same for every tile


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `bench` command."""
    parser = subparsers.add_parser(
        "bench",
        help="measure how fast a model answers",
        description="Asks for a caption of 40 tokens and four answers of 5 about each of some tiles, and for one "
        "answer about one tile, by this program and by transformers' own generation in the precision given by --plain.",
    )
    add_choice(parser)
    parser.add_argument("--plain", choices=_PLAIN, default="auto", help="the precision that the plain way runs in")
    parser.add_argument("--tiles", type=int, default=16, help="16, the default, as many pictures")
    parser.add_argument("--batch", type=int, default=32, help="prompts that are answered together")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure and print, each way once."""
    if args.tiles < 1 or args.batch < 1:
        raise UsageError("At least one tile and one prompt at once can be measured.")
    from ..benchmark import Workload  # noqa: PLC0415 - wrong use is told before torch is imported

    many = Workload(args.tiles, (_CAPTION, *[_ANSWER] * 4), args.batch)
    _compare(args, "a caption and four answers a tile", many)
    _compare(args, "one answer about one tile", Workload(1, (_ANSWER,)))
    return 0


def _compare(args: argparse.Namespace, what: str, work: Workload) -> None:
    from ..benchmark import measure  # noqa: PLC0415

    output = ResultPrinter(args.json)
    plain = measure("plain", args.model, args.plain, replace(work, tiles=min(work.tiles, _PLAIN_TILES)))
    _tell(output, what, plain)
    ours = measure("engine", args.model, args.precision, work)
    _tell(output, what, ours)
    same = sum(one == other for one, other in zip(plain.answers, ours.answers, strict=False))
    ratios: dict[str, Any] = {
        "what": what,
        "faster": round(plain.seconds_a_tile / ours.seconds_a_tile, 2),
        "memory": round(ours.peak / plain.peak, 2),
        "same_answers": [same, len(plain.answers)],
    }
    text = f"{what}: {ratios['faster']} times faster, {ratios['memory']:.0%} of the memory"
    output.result(ratios, f"{text}, {same} of {len(plain.answers)} answers the same")


def _tell(output: ResultPrinter, what: str, speed: Speed) -> None:
    data = {key: value for key, value in asdict(speed).items() if key != "answers"}
    rounded = {key: round(value, 3) if isinstance(value, float) else value for key, value in data.items()}
    text = f"{speed.way}, {speed.precision}: {speed.seconds_a_tile:.2f} s a tile"
    output.result(
        {"what": what, **rounded, "seconds_a_tile": round(speed.seconds_a_tile, 3)},
        f"{text}, loaded in {speed.load_s:.1f} s, {speed.peak / 1e9:.1f} GB at most",
    )
