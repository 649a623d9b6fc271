"""The loss is low for right maps, and does not depend on cells about which nothing is known."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from rsgpt_backend.model.config import FinderConfig
from rsgpt_backend.model.heads.finder.network import FinderMaps
from rsgpt_backend.train.finder.losses import center_loss, finder_loss, region_loss
from rsgpt_backend.train.finder.targets import FinderTargets, render
from tests.backend.train.finder.test_targets import CONFIG, FACTS


@pytest.fixture
def targets() -> FinderTargets:
    return render(replace(FACTS, shares={"water": 0.0}), 64, CONFIG)


def maps(targets: FinderTargets, config: FinderConfig = CONFIG) -> FinderMaps:
    """Return maps that are nearly right."""
    centers = torch.where(targets.centers == 1, 6.0, -6.0)
    regions = torch.full_like(targets.regions, -9.0)
    assert len(config.regions) == regions.shape[1]
    return FinderMaps(centers, targets.sizes.clone(), targets.offsets.clone(), regions)


def test_right_maps_have_a_low_loss(targets: FinderTargets) -> None:
    assert finder_loss(maps(targets), targets) < 0.01


@pytest.mark.parametrize("part", ["centers", "sizes", "offsets", "regions"])
def test_each_part_counts(targets: FinderTargets, part: str) -> None:
    right = maps(targets)
    wrong = replace(right, **{part: getattr(right, part) + 9.0})
    assert finder_loss(wrong, targets) > finder_loss(right, targets) + 0.1


def test_unknown_labels_do_not_count(targets: FinderTargets) -> None:
    right = maps(targets)
    centers = right.centers.clone()
    centers[:, 1] = 5.0
    assert finder_loss(replace(right, centers=centers), targets) == finder_loss(right, targets)


def test_boxes_count_at_centers_only(targets: FinderTargets) -> None:
    right = maps(targets)
    sizes = torch.where(targets.has_size > 0, right.sizes, torch.tensor(7.0))
    assert finder_loss(replace(right, sizes=sizes), targets) == finder_loss(right, targets)


def test_cells_near_a_center_are_punished_less(targets: FinderTargets) -> None:
    near, far = (torch.full((1, 2, 16, 16), -6.0) for _ in range(2))
    near[0, 0, 5, 5], far[0, 0, 12, 12] = 3.0, 3.0
    assert center_loss(near, targets) < center_loss(far, targets)


def test_a_share_pulls_the_mean_of_a_region(targets: FinderTargets) -> None:
    logits = torch.zeros(1, 2, 16, 16, requires_grad=True)
    region_loss(logits, targets).backward()
    assert logits.grad is not None
    assert logits.grad[0, 0].min() > 0  # downwards, to no water
    assert logits.grad[0, 1].abs().max() == 0


def test_extreme_maps_have_a_finite_loss_and_gradient(targets: FinderTargets) -> None:
    logits = torch.full((1, 2, 16, 16), 60.0, requires_grad=True)
    right = maps(targets)
    loss = finder_loss(FinderMaps(logits, right.sizes, right.offsets, logits), targets)
    loss.backward()
    assert loss.isfinite()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
