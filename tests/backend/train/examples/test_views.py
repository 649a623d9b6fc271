"""The eight different views of a picture, and a feature store that resumes after an interruption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from rsgpt_backend.train.examples.views import VIEWS, FeatureStore, store_name, view

SQUARE = torch.arange(9).reshape(3, 3)
PICTURES, SHAPE = 60, (2, 3)
ROWS = [(0, 0), (1, 0)]


def test_the_views_are_the_symmetries_of_the_square() -> None:
    flips = [SQUARE, SQUARE.flip(0), SQUARE.flip(1), SQUARE.flip(0, 1)]
    wanted = {tuple(one.flatten().tolist()) for flip in flips for one in (flip, flip.T)}
    assert len(wanted) == VIEWS
    assert {tuple(view(SQUARE, number).flatten().tolist()) for number in range(VIEWS)} == wanted


def test_view_0_is_the_picture_itself() -> None:
    assert torch.equal(view(SQUARE, 0), SQUARE)


def test_channels_and_batch_stay_where_they_are() -> None:
    pixels = torch.randint(0, 255, (2, 3, 5, 5))
    for number in range(VIEWS):
        assert torch.equal(view(pixels, number)[1, 2], view(pixels[1, 2], number))


class Encoder:
    """Returns corner pixels as features, which differ for each view; fails at its `last` call."""

    def __init__(self, last: int | None = None) -> None:
        self.calls = 0
        self._last = last

    def __call__(self, pixels: Tensor) -> Tensor:
        if self.calls == self._last:
            raise KeyboardInterrupt
        self.calls += 1
        corners = pixels[:, :, [0, 0, -1], [0, -1, 0]]
        return corners[:, :2].float()


@pytest.fixture
def pixels() -> Tensor:
    return torch.randint(0, 255, (PICTURES, 3, 4, 4), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)


def filled(path: Path, pixels: Tensor, encoder: Encoder, views: int = 2) -> np.ndarray:
    store = FeatureStore(path, [(picture, turn) for turn in range(views) for picture in range(PICTURES)], SHAPE)
    store.fill(lambda picture, number: view(pixels[picture], number), encoder, batch=1)
    return np.array(store.features)


def test_all_views_of_all_pictures_are_stored(tmp_path: Path, pixels: Tensor) -> None:
    found = filled(tmp_path / "new" / "a.f16", pixels, Encoder(), views=VIEWS)
    assert found.shape == (VIEWS * PICTURES, *SHAPE)
    assert found.dtype == np.float16
    for number in range(VIEWS):
        rows = found[number * PICTURES : (number + 1) * PICTURES]
        assert np.array_equal(rows, Encoder()(view(pixels, number)).numpy())


def test_an_interrupted_store_resumes(tmp_path: Path, pixels: Tensor) -> None:
    path = tmp_path / "a.f16"
    with pytest.raises(KeyboardInterrupt):
        filled(path, pixels, Encoder(last=75))
    encoder = Encoder()
    found = filled(path, pixels, encoder)
    assert encoder.calls == 2 * PICTURES - 50  # progress is saved every 50 batches
    assert np.array_equal(found, filled(tmp_path / "b.f16", pixels, Encoder()))


def test_a_full_store_encodes_nothing(tmp_path: Path, pixels: Tensor) -> None:
    first = filled(tmp_path / "a.f16", pixels, Encoder())
    encoder = Encoder()
    assert np.array_equal(filled(tmp_path / "a.f16", pixels, encoder), first)
    assert encoder.calls == 0


def test_a_store_without_progress_starts_again(tmp_path: Path, pixels: Tensor) -> None:
    filled(tmp_path / "a.f16", pixels, Encoder())
    (tmp_path / "a.json").unlink()
    encoder = Encoder()
    filled(tmp_path / "a.f16", pixels, encoder)
    assert encoder.calls == 2 * PICTURES


def test_the_name_depends_on_pictures_and_encoder() -> None:
    weights = [torch.zeros(3), torch.ones(2)]
    names = {
        store_name(["a", "b"], ROWS, weights),
        store_name(["b", "a"], ROWS, weights),
        store_name(["a"], ROWS, weights),
        store_name(["a", "b"], [*ROWS, (1, 1)], weights),
        store_name(["a", "b"], ROWS, [torch.zeros(3), torch.tensor([1.0, 1.0001])]),
    }
    assert len(names) == 5
    assert store_name(["a", "b"], ROWS, [one.clone() for one in weights]) in names
