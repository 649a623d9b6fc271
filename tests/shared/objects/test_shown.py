"""The text that says where something is in a picture."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rsgpt_plugin.shared.errors import ModelError
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.shown import Shown, Unshown, read_shown, region_rows, shown_text

POINTS = (FoundPoint(3.25, 4.0, 0.875, (1.0, 2.0, 4.0, 4.5)), FoundPoint(9.0, 8.0, 0.5, (8.0, 7.0, 2.0, 2.0)))


@pytest.mark.parametrize(
    "shown",
    [
        Shown(256, 128, "airplane", POINTS, True),
        Shown(256, 128, "water", region=("0011", "0110")),
        Shown(256, 128, "swimming pool", reason=Unshown.UNKNOWN),
        Shown(1, 1, reason=Unshown.NO_THING),
    ],
)
def test_what_is_written_is_read(shown: Shown) -> None:
    assert read_shown(shown_text(shown)) == shown


def test_numbers_of_numpy_are_written() -> None:
    point = FoundPoint(np.float32(1 / 3), 2.0, 0.5, (0.0, 0.0, 1.0, 1.0))  # type: ignore[arg-type]
    assert read_shown(shown_text(Shown(9, 9, "car", (point,)))).points[0].x == 0.3333


def test_a_region_is_a_table_of_cells() -> None:
    cells = np.array([[True, False, False], [True, True, False]])
    assert region_rows(cells) == ("100", "110")
    assert (Shown(9, 9, "water", region=region_rows(cells)).cells == cells).all()
    assert not Shown(9, 9).cells.size


FIELDS = json.loads(shown_text(Shown(9, 9, "car", POINTS)))


@pytest.mark.parametrize(
    "text",
    [
        "two cars",
        "[]",
        "{}",
        "null",
        json.dumps({**FIELDS, "points": [[1, 2]]}),
        json.dumps({**FIELDS, "points": 3}),
        json.dumps({**FIELDS, "region": ["01", "011"]}),
        json.dumps({**FIELDS, "reason": "tired"}),
        json.dumps({**FIELDS, "region": [""]}),
        json.dumps({**FIELDS, "width": float("inf")}),
        json.dumps({**FIELDS, "points": [[1, 2, 0.5, 1, 1, float("nan"), 1]]}),
        "[" * 100_000,
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ModelError, match=r"does not say where something is .* Choose another model"):
        read_shown(text)
