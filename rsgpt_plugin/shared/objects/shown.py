"""Where in a picture the thing is that a question asks about, and its text in replies of the task "show"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Optional

import numpy as np

from ..errors import ModelError
from ..i18n import translate
from .found_points import FoundPoint
from .found_text import point_of, point_values


class Unshown(Enum):
    """Why nothing is shown.

    NO_THING: the question does not ask for the number, the place, or the presence of a thing. UNKNOWN: the model cannot
    locate the thing. CONDITION: it cannot judge which of them are meant. ABSENT: it finds none.
    """

    NO_THING = "no_thing"
    UNKNOWN = "unknown"
    CONDITION = "condition"
    ABSENT = "absent"


@dataclass(frozen=True)
class Shown:
    """Objects as points, or a region, or neither and the reason.

    width, height: of the picture in pixels. name: of the thing, as the model calls it, else the noun of the question.
    points: in pixels of the picture, likeliest first; boxed: whether their boxes mean anything. region: rows of equal
    length that divide the picture into even cells, "1" for those that show the thing.
    """

    width: int
    height: int
    name: str = ""
    points: tuple[FoundPoint, ...] = ()
    boxed: bool = False
    region: tuple[str, ...] = ()
    reason: Optional[Unshown] = None

    @property
    def cells(self) -> np.ndarray:
        """The region as bool [rows, columns]; without a region, there are no rows."""
        return np.array([[cell == "1" for cell in row] for row in self.region], dtype=bool)


def region_rows(cells: np.ndarray) -> tuple[str, ...]:
    """Return the rows of a region. cells: bool [rows, columns]."""
    return tuple("".join("1" if cell else "0" for cell in row) for row in cells)


def shown_text(shown: Shown) -> str:
    """Return the text of a reply, which `read_shown` reads."""
    fields = {
        "width": shown.width,
        "height": shown.height,
        "name": shown.name,
        "points": [point_values(point) for point in shown.points],
        "boxed": shown.boxed,
        "region": list(shown.region),
        "reason": shown.reason.value if shown.reason else "",
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def read_shown(text: str) -> Shown:
    """Return what the text of a reply shows. Raises ModelError if it is not such a text."""
    try:
        return _shown(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise ModelError(
            translate("Rsgpt", "The reply does not say where something is ({error}). Choose another model.").format(
                error=error
            )
        ) from error


def _shown(fields: Mapping[str, Any]) -> Shown:
    reason, region = fields["reason"], tuple(str(row) for row in fields["region"])
    if len({len(row) for row in region}) > 1 or "" in region:
        raise ValueError("rows of different lengths, or empty")
    return Shown(
        int(fields["width"]),
        int(fields["height"]),
        str(fields["name"]),
        tuple(map(point_of, fields["points"])),
        bool(fields["boxed"]),
        region,
        Unshown(reason) if reason else None,
    )
