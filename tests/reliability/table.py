"""Measures the promises of one side, row by row, each from its own share of one seed. Knows no promise by itself.

python -m tests.reliability.table model|qgis [--tier quick|nightly] [--seed S] [--json FILE] [IDS...]
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

SIDES = {
    "model": ("server", "soak", "access", "weights"),
    "qgis": ("durability", "swapped", "full_disk", "qgis", "closing", "starting"),
}
IDS = frozenset("S1 S3 S6 S8 A1 A2 A3 A7 W2 D1 D2 D3 D5 D6 Q1 Q6 Q8 Q9 Q10".split())
LINE = "{id:<4} {held:<5} {seconds:>6.1f} s  {target}\n{indent}{measured}"


@dataclass(frozen=True)
class TrialFolder:
    """What a row may use. folder: empty, and its own. random: from the printed seed, so that a miss can be repeated."""

    random: random.Random
    nightly: bool
    folder: Path

    def times(self, quick: int, nightly: int) -> int:
        """How often, by the tier."""
        return nightly if self.nightly else quick


@dataclass(frozen=True)
class Measured:
    """Whether a promise held, and what was counted."""

    held: bool
    said: str


@dataclass(frozen=True)
class ReliabilityRow:
    """One promise. target: in words, with its figures."""

    id: str
    target: str
    measure: Callable[[TrialFolder], Measured]


@dataclass(frozen=True)
class RowResult:
    """One line of the table."""

    id: str
    target: str
    measured: str
    held: bool
    seconds: float
    tier: str
    seed: str
    at: str


def rows(side: str) -> list[ReliabilityRow]:
    """The rows of a side, in the order of its modules."""
    modules = [importlib.import_module(f"tests.reliability.{name}") for name in SIDES[side]]
    return [row for module in modules for row in module.ROWS]


def run(row: ReliabilityRow, tier: str, seed: str) -> RowResult:
    """Measure one row; what breaks is a miss."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="rsgpt-", ignore_cleanup_errors=True) as folder:
        trial = TrialFolder(random.Random(f"{seed}-{row.id}"), tier == "nightly", Path(folder).resolve())
        try:
            measured = row.measure(trial)
        except Exception as error:  # the border of a row: the others are still to be measured
            measured = Measured(False, f"broke: {type(error).__name__}: {error}")
    seconds, at = round(time.monotonic() - begin, 1), time.strftime("%Y-%m-%d %H:%M")
    return RowResult(row.id, row.target, measured.said, measured.held, seconds, tier, seed, at)


def main() -> int:
    """Print the table as it grows; 1 where a promise did not hold."""
    args = _parser().parse_intermixed_args()
    chosen = [row for row in rows(args.side) if not args.ids or row.id in args.ids]
    results = []
    for row in chosen:
        results.append(run(row, args.tier, args.seed))
        told = {**asdict(results[-1]), "held": "pass" if results[-1].held else "MISS", "indent": " " * 20}
        print(LINE.format(**told), flush=True)
    if args.json:
        _append(Path(args.json), results)
    return 0 if all(result.held for result in results) else 1


def _append(file: Path, results: list[RowResult]) -> None:
    """Add to a list that the other side may have begun; a row measured again takes the place of the older."""
    known = json.loads(file.read_text("utf-8")) if file.exists() else []
    again = {result.id for result in results}
    kept = [one for one in known if one["id"] not in again]
    file.write_text(json.dumps([*kept, *map(asdict, results)], indent=1) + "\n", "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure what is promised.")
    parser.add_argument("side", choices=SIDES)
    parser.add_argument("--tier", choices=["quick", "nightly"], default="quick")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--json", help="a file that gets the rows, too")
    parser.add_argument("ids", nargs="*", metavar="ID", type=_known)
    return parser


def _known(name: str) -> str:
    if name not in IDS:
        raise argparse.ArgumentTypeError(f"{name} is no row; there are {', '.join(sorted(IDS))}")
    return name


if __name__ == "__main__":
    sys.exit(main())
