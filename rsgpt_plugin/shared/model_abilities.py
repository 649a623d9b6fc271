"""What a model can do beyond answering: the objects that its finder knows, and the names of its probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .text import one_line


@dataclass(frozen=True)
class FinderInfo:
    """The finder of a model.

    labels: names of the objects that it finds. boxed: those of them that have boxes. max_side: longest side of its
    input, in pixels. finest_gsd_m: finer pictures are reduced to this many meters per pixel. fill: color of pixels
    without data, 8-bit RGB.
    """

    labels: tuple[str, ...]
    boxed: tuple[str, ...]
    max_side: int
    finest_gsd_m: float
    fill: tuple[int, int, int]


@dataclass(frozen=True)
class ClassifierInfo:
    """The classifier of a model: names of its probabilities, in the order of a row of the search index."""

    things: tuple[str, ...]
    kinds: tuple[str, ...]


def described_finder(record: Mapping[str, Any]) -> Optional[FinderInfo]:
    """Return the finder that a model.json describes completely, else None."""
    mean, finder = _mapping(record.get("vision")).get("mean"), _mapping(record.get("finder"))
    values = mean if isinstance(mean, list) else []
    return finder_info({**finder, "fill": [255 * value for value in values if isinstance(value, (int, float))]})


def finder_info(fields: object) -> Optional[FinderInfo]:
    """Return the finder that a server lists completely among the capabilities of a model, else None."""
    known = _mapping(fields)
    try:
        red, green, blue = (min(255, max(0, round(value))) for value in known["fill"])
        max_side, finest_gsd_m = int(known["max_side"]), float(known["finest_gsd_m"])
        labels, boxed = _names(known, "labels"), _names(known, "boxed")
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    is_valid = bool(labels) and max_side > 0 and finest_gsd_m >= 0
    return FinderInfo(labels, boxed, max_side, finest_gsd_m, (red, green, blue)) if is_valid else None


def classifier_info(fields: object) -> Optional[ClassifierInfo]:
    """Return the classifier that a model.json describes, or that a server lists, completely, else None."""
    known = _mapping(fields)
    try:
        return ClassifierInfo(_names(known, "things"), _names(known, "kinds"))
    except (KeyError, TypeError):
        return None


def _names(fields: Mapping[str, Any], key: str) -> tuple[str, ...]:
    names = fields[key]
    if not isinstance(names, list):
        raise TypeError(key)
    return tuple(one_line(str(name)) for name in names)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
