"""The ground resolution is one smooth, learned cell; without it nothing changes."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.model.vision.encoders import to_bytes
from rsgpt_backend.model.vision.ground_resolution import GroundResolutionCell, input_resolution
from rsgpt_backend.model.weights import load_model, save_model
from tests.backend.toy import CELLS, IMAGE_SIZE, VISION_WIDTH, ask, make_config, make_model, picture

PROMPT = "Is there any water?"


@pytest.fixture(scope="module")
def cell() -> GroundResolutionCell:
    torch.manual_seed(1)
    cell = GroundResolutionCell(8).requires_grad_(False)
    torch.nn.init.normal_(cell.unknown)
    return cell


@pytest.fixture(scope="module")
def grounded(toy_folder: Path) -> Rsgpt:
    """A toy that reads the ground resolution."""
    config = make_config(toy_folder / "language")
    return make_model(replace(config, vision=replace(config.vision, ground_resolution=True)))


def test_the_cell_is_interpolated_between_octaves(cell: GroundResolutionCell) -> None:
    one, between, two = cell(torch.tensor([1.0, math.sqrt(2), 2.0]))[:, 0]
    torch.testing.assert_close(between, (one + two) / 2)
    assert (one - two).abs().max() > 0.1


@pytest.mark.parametrize(("value", "limit"), [(1e-3, 2.0**-5), (1e5, 2.0**7), (0.0, 2.0**-5), (math.inf, 2.0**7)])
def test_resolutions_beyond_the_range_are_those_of_its_ends(
    cell: GroundResolutionCell, value: float, limit: float
) -> None:
    assert torch.equal(cell(torch.tensor([value])), cell(torch.tensor([limit])))


def test_an_unknown_resolution_has_its_own_vector(cell: GroundResolutionCell) -> None:
    values = cell(torch.tensor([math.nan, 0.3]))
    assert torch.equal(values[0, 0], cell.unknown)
    assert not torch.equal(values[1, 0], cell.unknown)


def test_an_unknown_resolution_has_finite_gradients() -> None:
    cell = GroundResolutionCell(8)
    cell(torch.tensor([math.nan, 0.3])).square().sum().backward()
    assert all(part.grad is not None and part.grad.isfinite().all() for part in cell.parameters())


def test_the_longer_side_decides_about_the_input() -> None:
    assert input_resolution(0.3, 512, 256, 256) == 0.6
    assert input_resolution(0.3, 100, 400, 200) == 0.6
    assert math.isnan(input_resolution(None, 512, 256, 256))


@torch.no_grad()
def test_the_qformer_sees_one_cell_more(grounded: Rsgpt, toy: Rsgpt) -> None:
    features = grounded.encode(to_bytes([picture(1), picture(2)], IMAGE_SIZE))
    assert grounded.bridge.cells(features).shape == (2, CELLS + 1, VISION_WIDTH)
    assert toy.bridge.cells(features).shape == (2, CELLS, VISION_WIDTH)


@torch.no_grad()
def test_the_resolution_changes_the_query_vectors(grounded: Rsgpt) -> None:
    features = grounded.encode(to_bytes([picture(1)] * 3, IMAGE_SIZE))
    instructions = grounded.instruct([PROMPT] * 3)
    fine, coarse, unknown = grounded.query_vectors(features, instructions, torch.tensor([0.3, 10.0, math.nan]))
    assert (fine - coarse).abs().max() > 1e-3
    torch.testing.assert_close(unknown, grounded.query_vectors(features, instructions)[0])
    embeds = grounded.prefix(features, instructions, torch.tensor([0.3, 10.0, math.nan])).embeds
    torch.testing.assert_close(embeds[0, : len(fine)], fine)


@torch.no_grad()
def test_a_model_without_it_ignores_the_resolution(toy: Rsgpt) -> None:
    features = toy.encode(to_bytes([picture(1)], IMAGE_SIZE))
    instructions = toy.instruct([PROMPT])
    expected = toy.query_vectors(features, instructions)
    assert torch.equal(toy.query_vectors(features, instructions, torch.tensor([0.3])), expected)


def test_the_engine_computes_it_from_the_size_of_the_picture(grounded: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[float]] = []
    prefix = grounded.prefix

    def recorded(features: torch.Tensor, instructions: Any, ground: torch.Tensor) -> Any:
        seen.append(ground.tolist())
        return prefix(features, instructions, ground)

    monkeypatch.setattr(grounded, "prefix", recorded)
    engine = Engine(grounded)
    assert engine.capabilities.gsd
    engine.answer([ask(0, gsd_m=1.0), ask(0), ask(1, choices=("yes", "no"), gsd_m=2.0)])
    (choice,), free = seen
    assert choice == 2 * 96 / 64
    assert free[0] == 1.5
    assert math.isnan(free[1])


def test_answers_depend_on_it_and_features_do_not(grounded: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    encodings: list[int] = []
    encode = grounded.encode

    def counted(pixels: torch.Tensor) -> torch.Tensor:
        encodings.append(len(pixels))
        return encode(pixels)

    monkeypatch.setattr(grounded, "encode", counted)
    engine = Engine(grounded)
    asks = [ask(0, choices=("yes", "no"), gsd_m=gsd) for gsd in (0.1, 30.0, None)]
    confidences = {engine.answer([one])[0].confidence for one in asks}
    assert len(confidences) == 3
    assert encodings == [1]


def test_it_survives_saving(grounded: Rsgpt, tmp_path: Path) -> None:
    save_model(grounded, tmp_path)
    loaded, cell = load_model(tmp_path), grounded.bridge.ground_resolution
    assert cell is not None
    assert loaded.bridge.ground_resolution is not None
    assert torch.equal(loaded.bridge.ground_resolution.unknown, cell.unknown)
    torch.testing.assert_close(
        loaded.bridge.ground_resolution.projection.weight, cell.projection.weight, atol=0.02, rtol=0
    )
