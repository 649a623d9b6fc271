"""A finder or a classifier is used only if it is described completely."""

from __future__ import annotations

from typing import Optional

import pytest

from rsgpt_plugin.shared.model_abilities import (
    ClassifierInfo,
    FinderInfo,
    classifier_info,
    described_finder,
    finder_info,
)

FINDER = {"labels": ["car"], "boxed": [], "max_side": 640, "finest_gsd_m": 0.05, "fill": [127, 0, 300]}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (FINDER, FinderInfo(("car",), (), 640, 0.05, (127, 0, 255))),
        (None, None),
        ({**FINDER, "labels": "car"}, None),
        ({**FINDER, "labels": []}, None),
        ({**FINDER, "fill": [0]}, None),
        ({**FINDER, "max_side": 0}, None),
        ({**FINDER, "finest_gsd_m": "fine"}, None),
        ({**FINDER, "max_side": float("inf")}, None),
    ],
)
def test_finders(fields: object, expected: Optional[FinderInfo]) -> None:
    assert finder_info(fields) == expected


def test_a_model_json_gives_the_mean_of_the_pixels() -> None:
    record = {"finder": {name: FINDER[name] for name in FINDER if name != "fill"}, "vision": {"mean": [0.5, 0, 1]}}
    finder = described_finder(record)
    assert finder is not None
    assert finder.fill == (128, 0, 255)
    assert described_finder({**record, "vision": {}}) is None
    assert described_finder({}) is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"things": ["car", "tree"], "kinds": ["beach"]}, ClassifierInfo(("car", "tree"), ("beach",))),
        ({"things": ["car"]}, None),
        ({"things": 1, "kinds": []}, None),
        (None, None),
    ],
)
def test_classifiers(fields: object, expected: Optional[ClassifierInfo]) -> None:
    assert classifier_info(fields) == expected
