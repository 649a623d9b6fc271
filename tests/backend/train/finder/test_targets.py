"""Targets of a crop: a bump and a box at each center, and weights only where something is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from rsgpt_backend.data.object_annotations import ObjectBox
from rsgpt_backend.model.config import FinderConfig
from rsgpt_backend.train.finder.targets import CropFacts, render, stack

CONFIG = FinderConfig(("car", "building"), (), ("water", "building"), (0.5, 0.5))
CAR = ObjectBox("car", 10, 20, 12, 6)
SIDE = (0.0, 0.0, 64.0, 64.0)
FACTS = CropFacts((CAR,), (), SIDE, 0.0, {"car": 1.0})


def test_a_center_has_a_bump_a_size_and_an_offset() -> None:
    targets = render(FACTS, 64, CONFIG)
    assert targets.centers.shape == (1, 2, 16, 16)
    assert targets.is_center.sum() == 1
    assert targets.is_center[0, 0, 5, 4] == 1  # center at (16, 23)
    assert targets.centers[0, 0, 5, 4] == 1
    assert 0 < targets.centers[0, 0, 5, 5] < 1
    assert targets.centers[0, 0, 5, 5] > targets.centers[0, 0, 5, 6]
    assert targets.offsets[0, :, 5, 4].tolist() == [0.0, 0.75]
    for row, column in ((5, 4), (4, 3), (6, 5)):  # also where the peak may be by mistake
        torch.testing.assert_close(targets.sizes[0, :, row, column].exp(), torch.tensor([12.0, 6.0]))
    assert targets.has_size.sum() == 9


def test_neighboring_centers_keep_their_sizes() -> None:
    left, right = ObjectBox("car", 8, 20, 8, 8), ObjectBox("car", 10, 16, 12, 16)
    for boxes in ((left, right), (right, left)):
        sizes = render(replace(FACTS, boxes=boxes), 64, CONFIG).sizes[0].exp()
        assert sizes[:, 6, 3].tolist() == pytest.approx([8, 8])
        assert sizes[:, 6, 4].tolist() == pytest.approx([12, 16])


def test_a_wide_object_has_a_wide_bump() -> None:
    facts = replace(FACTS, boxes=(ObjectBox("car", 0, 28, 64, 8),))
    centers = render(facts, 64, CONFIG).centers[0, 0]
    assert centers[8, 10] > centers[10, 8]


def test_unknown_labels_are_not_learned() -> None:
    weights = render(FACTS, 64, CONFIG).center_weights[0]
    assert weights[0].min() == 1
    assert weights[1].max() == 0


def test_absent_labels_are_learned_everywhere() -> None:
    targets = render(replace(FACTS, boxes=(), weights={"building": 1.0}), 64, CONFIG)
    assert targets.center_weights[0, 1].min() == 1
    assert targets.centers.max() == 0


def test_cells_without_a_box_of_a_partial_label_have_little_weight() -> None:
    weights = render(replace(FACTS, weights={"car": 0.1}), 64, CONFIG).center_weights[0, 0]
    assert weights[5, 4] == 1
    assert weights[0, 0] == pytest.approx(0.1)


def test_nothing_is_known_outside_of_the_picture_and_at_edges_that_cut_objects() -> None:
    facts = replace(FACTS, inside=(-20.0, 8.0, 32.0, 64.0), edge=8.0)
    weights = render(facts, 64, CONFIG).center_weights[0, 0]
    assert weights[4:14, :6].min() == 1
    assert weights[:4].max() == weights[14:].max() == weights[:, 6:].max() == 0
    inside = render(facts, 64, CONFIG).inside[0, 0]
    assert inside[2:, :8].min() == 1
    assert inside[:2].max() == inside[:, 8:].max() == 0


def test_objects_that_are_mostly_outside_or_tiny_are_neither_learned_nor_denied() -> None:
    tiny = ObjectBox("car", 40, 40, 2, 2)
    facts = replace(FACTS, boxes=(tiny,), hidden=(ObjectBox("car", 0, 0, 8, 8),))
    targets = render(facts, 64, CONFIG)
    assert targets.centers.max() == 0
    assert targets.center_weights[0, 0, :2, :2].max() == 0
    assert targets.center_weights[0, 0, 4, 4] == 1
    assert targets.has_size.max() == 0


def test_regions_of_a_mask() -> None:
    mask = np.zeros((64, 64), np.int16)
    mask[:, 32:], mask[32:, :32] = 1, 2
    facts = replace(FACTS, classes=("unlabelled", "water", "building"), mask=mask)
    targets = render(facts, 64, CONFIG)
    assert targets.regions[0, 0, :, 8:].min() == targets.regions[0, 1, 8:, :8].min() == 1
    assert targets.regions[0, 0, :, :8].max() == targets.regions[0, 1, :8].max() == 0
    assert targets.region_weights[0, :, :8, :8].max() == 0  # unlabelled
    assert targets.region_weights[0, :, 8:].min() == targets.region_weights[0, :, :, 8:].min() == 1


def test_complete_building_boxes_are_a_region() -> None:
    box = ObjectBox("building", 16, 16, 32, 32)
    targets = render(replace(FACTS, boxes=(box,), are_buildings_complete=True), 64, CONFIG)
    building, weights = targets.regions[0, 1], targets.region_weights[0, 1]
    assert building[8, 8] == weights[8, 8] == 1
    assert weights[4, 4] == 0  # a corner of the box may be no building
    assert building[0, 0] == 0
    assert weights[0, 0] == 1
    assert targets.region_weights[0, 0].max() == 0


def test_shares() -> None:
    targets = render(replace(FACTS, shares={"water": 0.25}), 64, CONFIG)
    assert targets.shares.tolist() == [[0.25, 0.0]]
    assert targets.share_weights.tolist() == [[1.0, 0.0]]


def test_batches() -> None:
    both = stack([render(FACTS, 64, CONFIG), render(replace(FACTS, boxes=()), 64, CONFIG)])
    assert both.centers.shape == (2, 2, 16, 16)
    assert both.rows(torch.tensor([1])).is_center.max() == 0
    assert both.to(torch.device("cpu")).is_center.sum() == 1
