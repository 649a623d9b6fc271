"""Command that measures the rows of the reliability table in one Python environment, from one seed.

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
    "model": ("server", "soak", "access", "weights", "killed_commands"),
    "qgis": ("durability", "swapped", "full_disk", "qgis", "closing", "starting"),
}
IDS = frozenset("S1 S3 S6 S8 A1 A2 A3 A7 W2 D1 D2 D3 D5 D6 D7 D8 D9 D10 Q1 Q6 Q8 Q9 Q10".split())
LINE = "{id:<4} {held:<5} {seconds:>6.1f} s  {target}\n{indent}{measured}"


@dataclass(frozen=True)
class TrialFolder:
    """Input of a measurement. folder: empty folder. random: generator from the seed, so that a miss can be repeated."""

    random: random.Random
    nightly: bool
    folder: Path

    def times(self, quick: int, nightly: int) -> int:
        return nightly if self.nightly else quick


@dataclass(frozen=True)
class Measured:
    """The result of a measurement. held: whether the target was met. text: the measured values."""

    held: bool
    text: str


@dataclass(frozen=True)
class ReliabilityRow:
    """One row of the table. target: the promise, with its limits."""

    id: str
    target: str
    measure: Callable[[TrialFolder], Measured]


@dataclass(frozen=True)
class RowResult:
    """The result of one row, as printed and written to the JSON file."""

    id: str
    target: str
    measured: str
    held: bool
    seconds: float
    tier: str
    seed: str
    at: str


def rows(side: str) -> list[ReliabilityRow]:
    """Return the rows of a side, in the order of its modules."""
    modules = [importlib.import_module(f"tests.reliability.{name}") for name in SIDES[side]]
    return [row for module in modules for row in module.ROWS]


def run(row: ReliabilityRow, tier: str, seed: str) -> RowResult:
    """Measure one row. An exception counts as a miss."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="rsgpt-", ignore_cleanup_errors=True) as folder:
        trial = TrialFolder(random.Random(f"{seed}-{row.id}"), tier == "nightly", Path(folder).resolve())
        try:
            measured = row.measure(trial)
        except Exception as error:  # the other rows must still be measured
            measured = Measured(False, f"broke: {type(error).__name__}: {error}")
    seconds, at = round(time.monotonic() - begin, 1), time.strftime("%Y-%m-%d %H:%M")
    return RowResult(row.id, row.target, measured.text, measured.held, seconds, tier, seed, at)


def main() -> int:
    """Print the table row by row. Return 1 if a target was missed."""
    args = _parser().parse_intermixed_args()
    chosen = [row for row in rows(args.side) if not args.ids or row.id in args.ids]
    results = []
    for row in chosen:
        results.append(run(row, args.tier, args.seed))
        values = {**asdict(results[-1]), "held": "pass" if results[-1].held else "MISS", "indent": " " * 20}
        print(LINE.format(**values), flush=True)
    if args.json:
        _append(Path(args.json), results)
    return 0 if all(result.held for result in results) else 1


def _append(file: Path, results: list[RowResult]) -> None:
    """Add the results to a JSON list, which the other side may have created, and replace rows with the same id."""
    earlier = json.loads(file.read_text("utf-8")) if file.exists() else []
    ids = {result.id for result in results}
    others = [row for row in earlier if row["id"] not in ids]
    file.write_text(json.dumps([*others, *map(asdict, results)], indent=1) + "\n", "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure the targets of docs/reliability.md.")
    parser.add_argument("side", choices=SIDES)
    parser.add_argument("--tier", choices=["quick", "nightly"], default="quick")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--json", help="JSON file to which the results are added")
    parser.add_argument("ids", nargs="*", metavar="ID", type=_row_id)
    return parser


def _row_id(name: str) -> str:
    if name not in IDS:
        raise argparse.ArgumentTypeError(f"unknown row {name}; the rows are {', '.join(sorted(IDS))}")
    return name


if __name__ == "__main__":
    sys.exit(main())
