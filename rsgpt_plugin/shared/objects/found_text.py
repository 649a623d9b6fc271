"""The objects of a picture as text: the answer of a model to the tasks `find` and `find_window`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .found_points import FoundPoint


@dataclass(frozen=True)
class FoundInPicture:
    """points: by label, likeliest first, in pixels of a picture of this width and height."""

    width: int
    height: int
    points: Mapping[str, Sequence[FoundPoint]]


def found_text(found: FoundInPicture) -> str:
    """Return the objects as JSON, which `read_found` reads; labels without objects are left out."""
    objects = {label: [point_values(point) for point in points] for label, points in found.points.items() if points}
    fields = {"width": found.width, "height": found.height, "objects": objects}
    return json.dumps(fields, separators=(",", ":"))


def read_found(text: str) -> FoundInPicture:
    """Read what `found_text` wrote. Raises ValueError for any other text."""
    try:
        fields = json.loads(text)
        points = {str(label): tuple(map(point_of, rows)) for label, rows in fields["objects"].items()}
        return FoundInPicture(int(fields["width"]), int(fields["height"]), points)
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"not the objects of a picture: {text[:80]}") from error


def point_values(point: FoundPoint) -> list[float]:
    """Return x, y, confidence, and box of a point, rounded."""
    return [round(float(value), 4) for value in (point.x, point.y, point.confidence, *point.box)]


def point_of(values: Any) -> FoundPoint:
    """Return the point with these values. Raises ValueError or TypeError if they are not its seven finite numbers."""
    x, y, confidence, left, top, width, height = numbers = tuple(map(float, values))
    if not all(map(math.isfinite, numbers)):
        raise ValueError("not a finite number")
    return FoundPoint(x, y, confidence, (left, top, width, height))
