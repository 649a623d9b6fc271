"""Ratings of several people -> means by model with their intervals, and whose caption was rated higher."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...strict_json import parse_json
from ..intervals import interval
from ..report.rounding import hundredths

CRITERIA = ("detail", "position", "hallucination")
_GRADES = range(1, 5)


@dataclass(frozen=True)
class Rating:
    """One caption's grades by one person, 1 (worst) to 4 (best), by criterion; those not given are left out."""

    rater: str
    filename: str
    model: str
    grades: dict[str, int]


def read_ratings(path: Path) -> list[Rating]:
    """What the sheet has saved; DataError for anything else."""
    try:
        data = parse_json(path.read_text(encoding="utf-8"))
        return [_rating(str(data["rater"]), record) for record in data["ratings"]]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path} holds no ratings. Give a file that the rating sheet has saved.") from error


def summary(ratings: Sequence[Rating]) -> dict[str, Any]:
    """Means and intervals by model and criterion, and for each two models how often one was rated higher.

    A person's ratings of one caption in two files count twice: give each file once.
    """
    if not ratings:
        raise DataError("There are no ratings in these files. Rate some captions first.")
    models: dict[str, list[Rating]] = defaultdict(list)
    for rating in ratings:
        models[rating.model].append(rating)
    return {
        "ratings": len(ratings),
        "raters": sorted({rating.rater for rating in ratings}),
        "models": {model: _means(group) for model, group in sorted(models.items())},
        "preferred": [_compared(one, other, models) for one, other in itertools.combinations(sorted(models), 2)],
    }


def _rating(rater: str, record: dict[str, Any]) -> Rating:
    grades = {name: record[name] for name in CRITERIA if record.get(name) is not None}
    if any(grade not in _GRADES for grade in grades.values()):
        raise ValueError(f"grades are numbers from 1 to 4: {grades}")
    return Rating(rater, str(record["filename"]), str(record["model"]), grades)


def _means(group: Sequence[Rating]) -> dict[str, Any]:
    means = {}
    for name in CRITERIA:
        given = [(float(rating.grades[name]), rating.filename) for rating in group if name in rating.grades]
        if given:
            values, pictures = zip(*given, strict=True)
            ends = hundredths(interval(values, pictures))
            means[name] = {"mean": round(sum(values) / len(values), 2), "interval": ends, "ratings": len(values)}
    return means


def _compared(one: str, other: str, models: dict[str, list[Rating]]) -> dict[str, Any]:
    """By the sum of grades; only where one person rated both captions of a picture by all criteria."""
    sums = [
        {(r.rater, r.filename): sum(r.grades.values()) for r in models[name] if len(r.grades) == len(CRITERIA)}
        for name in (one, other)
    ]
    pairs = [(sums[0][key], sums[1][key]) for key in sums[0].keys() & sums[1].keys()]
    higher = sum(first > second for first, second in pairs)
    lower = sum(first < second for first, second in pairs)
    return {one: higher, other: lower, "equal": len(pairs) - higher - lower}
