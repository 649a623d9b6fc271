"""The network of the finder: shapes of its maps, few centers at first, and no dependence on the rest of the picture."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from rsgpt_backend.model.config import FinderConfig
from rsgpt_backend.model.heads.finder.network import Finder, FinderMaps

CHANNELS = (24, 48, 120, 352)


def grids(height: int, width: int, batch: int = 1) -> list[Tensor]:
    """Return random grids of a picture of this size."""
    return [
        torch.randn(batch, count, height // stride, width // stride)
        for count, stride in zip(CHANNELS, (4, 8, 16, 32), strict=True)
    ]


def finder(**settings: int) -> Finder:
    torch.manual_seed(0)
    return Finder(FinderConfig(**settings), CHANNELS).eval()  # type: ignore[arg-type]  # only numbers are given


@pytest.mark.parametrize("stride", [4, 8])
@torch.no_grad()
def test_maps_have_the_stride_and_the_channels_of_the_config(stride: int) -> None:
    maps: FinderMaps = finder(stride=stride)(grids(64, 96, 2))
    rows, columns = 64 // stride, 96 // stride
    assert maps.centers.shape == (2, 5, rows, columns)
    assert maps.sizes.shape == maps.offsets.shape == (2, 2, rows, columns)
    assert maps.regions.shape == (2, 5, rows, columns)


def test_number_of_parameters() -> None:
    assert 100_000 < sum(parameter.numel() for parameter in finder().parameters()) < 250_000


@torch.no_grad()
def test_an_untrained_finder_expects_few_centers() -> None:
    maps: FinderMaps = finder()(grids(64, 64))
    assert 0.005 < maps.centers.sigmoid().mean() < 0.05
    assert 16 < maps.sizes.exp().mean() < 36


@torch.no_grad()
def test_far_cells_have_no_effect() -> None:
    """A picture is searched in windows, so what is found must not depend on the rest of the picture."""
    network, whole = finder(), grids(64, 1024)
    part = [grid[..., : grid.shape[-1] // 2] for grid in whole]
    maps, of_part = network(whole), network(part)
    torch.testing.assert_close(maps.centers[..., :64], of_part.centers[..., :64], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_maps_on_the_cpu_are_in_float32() -> None:
    maps: FinderMaps = finder()(grids(32, 32))
    narrow = FinderMaps(*(value.bfloat16() for value in vars(maps).values()))
    assert {value.dtype for value in vars(narrow.cpu()).values()} == {torch.float32}
