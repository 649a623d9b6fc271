"""Pictures like the training pictures are usual; those in other directions, or much farther away, are novel."""

from __future__ import annotations

import pytest
import torch

from rsgpt_backend.model.config import NoveltyConfig
from rsgpt_backend.model.heads.novelty import NoveltyDetector

WIDTH = 6


@pytest.fixture
def means() -> torch.Tensor:
    """Training pictures that vary much in two directions and little in the others."""
    torch.manual_seed(0)
    return 3 + torch.randn(500, WIDTH) * torch.tensor([5.0, 2.0, 0.1, 0.1, 0.1, 0.1])


@pytest.fixture
def detector(means: torch.Tensor) -> NoveltyDetector:
    detector = NoveltyDetector(NoveltyConfig(axes=2, quantile=0.9), WIDTH)
    detector.fit(means)
    return detector


def test_the_share_of_usual_training_pictures_is_the_quantile(detector: NoveltyDetector, means: torch.Tensor) -> None:
    novelty = detector(means[:, None])
    assert (novelty >= 0).all()
    assert float((novelty == 0).float().mean()) == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(
    ("offset", "is_novel"),
    [
        ([4.0, 0, 0, 0, 0, 0], False),
        ([30.0, 0, 0, 0, 0, 0], True),
        ([0, 0, 0.05, 0, 0, 0], False),
        ([0, 0, 0, 0, 0, 2.0], True),  # no training picture varies so
    ],
)
def test_distance_is_relative_to_the_variance(detector: NoveltyDetector, offset: list[float], is_novel: bool) -> None:
    cells = (3 + torch.tensor(offset)).expand(1, 4, WIDTH)
    assert (float(detector(cells)) > 0.5) == is_novel


def test_novelty_is_that_of_the_mean_over_the_cells(detector: NoveltyDetector) -> None:
    cells = torch.full((1, 2, WIDTH), 3.0)
    cells[0, 0, 5] += 2
    cells[0, 1, 5] -= 2
    assert float(detector(cells)) == 0.0


def test_pictures_without_variance() -> None:
    detector = NoveltyDetector(NoveltyConfig(axes=2), WIDTH)
    detector.fit(torch.ones(3, WIDTH))
    assert torch.isfinite(detector(torch.rand(2, 4, WIDTH))).all()


def test_weights_restore_it(detector: NoveltyDetector) -> None:
    other = NoveltyDetector(NoveltyConfig(axes=2, quantile=0.9), WIDTH)
    other.load_state_dict(detector.state_dict())
    cells = torch.randn(5, 3, WIDTH) * 9
    assert torch.equal(other(cells), detector(cells))
