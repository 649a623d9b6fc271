"""Ratings of captions: means and intervals by model, and how often each of two models was preferred."""

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
    """The grades of one person for one caption by criterion, 1 (worst) to 4 (best); missing grades are left out."""

    rater: str
    filename: str
    model: str
    grades: dict[str, int]


def read_ratings(path: Path) -> list[Rating]:
    """Read a file saved by the rating sheet. Raises DataError for any other file."""
    try:
        data = parse_json(path.read_text(encoding="utf-8"))
        return [_rating(str(data["rater"]), record) for record in data["ratings"]]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path} holds no ratings. Give a file saved by the rating sheet.") from error


def summary(ratings: Sequence[Rating]) -> dict[str, Any]:
    """Return means and intervals by model and criterion, and for each pair of models how often each was rated higher.

    Ratings that occur in two files count twice. Raises DataError without ratings.
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
        "preferred": [_compared(*pair, models) for pair in itertools.combinations(sorted(models), 2)],
    }


def _rating(rater: str, record: dict[str, Any]) -> Rating:
    grades = {name: record[name] for name in CRITERIA if record.get(name) is not None}
    if any(grade not in _GRADES for grade in grades.values()):
        raise ValueError(f"grades are numbers from 1 to 4: {grades}")
    return Rating(rater, str(record["filename"]), str(record["model"]), grades)


def _means(group: Sequence[Rating]) -> dict[str, Any]:
    means = {}
    for name in CRITERIA:
        grades = [(float(rating.grades[name]), rating.filename) for rating in group if name in rating.grades]
        if grades:
            values, pictures = zip(*grades, strict=True)
            ends = hundredths(interval(values, pictures))
            means[name] = {"mean": round(sum(values) / len(values), 2), "interval": ends, "ratings": len(values)}
    return means


def _compared(first: str, second: str, models: dict[str, list[Rating]]) -> dict[str, Any]:
    """Compare sums of grades by people who rated both captions of a picture by all criteria."""
    sums = [
        {(r.rater, r.filename): sum(r.grades.values()) for r in models[name] if len(r.grades) == len(CRITERIA)}
        for name in (first, second)
    ]
    pairs = [(sums[0][key], sums[1][key]) for key in sums[0].keys() & sums[1].keys()]
    higher = sum(one > other for one, other in pairs)
    lower = sum(one < other for one, other in pairs)
    return {first: higher, second: lower, "equal": len(pairs) - higher - lower}
