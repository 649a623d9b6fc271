"""The input of the language model: query vectors, padding, BOS and instruction."""

from __future__ import annotations

import pytest
import torch

from rsgpt_backend.model.instructions import Instruction
from rsgpt_backend.model.rsgpt import Rsgpt, pad
from rsgpt_backend.model.vision.encoders import to_bytes
from tests.backend.toy import BOS, CELLS, IMAGE_SIZE, QUERIES, VISION_WIDTH, picture

INSTRUCTIONS = [Instruction((20, 21, 22), (), (BOS, 20, 21, 22)), Instruction((30,), (), (BOS, 30))]


@pytest.fixture(scope="module")
def features(toy: Rsgpt) -> torch.Tensor:
    return toy.encode(to_bytes([picture(1), picture(2)], IMAGE_SIZE))


def test_shape_of_features(features: torch.Tensor) -> None:
    assert features.shape == (2, CELLS, VISION_WIDTH)
    assert (features[0] - features[1]).abs().max() > 0.1


@torch.no_grad()
def test_order_and_mask_of_the_prefix(toy: Rsgpt, features: torch.Tensor) -> None:
    prefix = toy.prefix(features, INSTRUCTIONS)
    queries = toy.query_vectors(features, INSTRUCTIONS)
    words = toy.language.get_input_embeddings().weight
    assert prefix.mask.tolist() == [[1] * QUERIES + [1, 1, 1, 1], [1] * QUERIES + [0, 0, 1, 1]]
    assert torch.equal(prefix.embeds[:, :QUERIES], queries)
    assert torch.equal(prefix.embeds[0, QUERIES:], words[[BOS, 20, 21, 22]])
    assert torch.equal(prefix.embeds[1, QUERIES + 2 :], words[[BOS, 30]])


@torch.no_grad()
def test_query_vectors_do_not_depend_on_other_rows(toy: Rsgpt, features: torch.Tensor) -> None:
    together = toy.query_vectors(features, INSTRUCTIONS)
    alone = toy.query_vectors(features[1:], INSTRUCTIONS[1:])
    torch.testing.assert_close(together[1:], alone, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_image_inside_the_template(toy: Rsgpt, features: torch.Tensor) -> None:
    around = [Instruction((20,), (BOS, 40), (20, 21)), Instruction((30,), (BOS, 40), (30,))]
    prefix = toy.prefix(features, around)
    words = toy.language.get_input_embeddings().weight
    assert prefix.mask.tolist() == [[1, 1] + [1] * QUERIES + [1, 1], [1, 1] + [1] * QUERIES + [0, 1]]
    assert torch.equal(prefix.embeds[:, :2], words[[BOS, 40]].expand(2, -1, -1))
    assert torch.equal(prefix.embeds[:, 2 : 2 + QUERIES], toy.query_vectors(features, around))
    assert torch.equal(prefix.embeds[0, 2 + QUERIES :], words[[20, 21]])


def test_pad_on_either_side() -> None:
    device = torch.device("cpu")
    ids, mask = pad([[1, 2], [3]], 9, device)
    assert (ids.tolist(), mask.tolist()) == ([[1, 2], [3, 9]], [[1, 1], [1, 0]])
    ids, mask = pad([[1, 2], [3]], 9, device, left=True)
    assert (ids.tolist(), mask.tolist()) == ([[1, 2], [9, 3]], [[1, 1], [0, 1]])


def test_training_leaves_the_frozen_parts_in_evaluation_mode(toy: Rsgpt) -> None:
    try:
        toy.train()
        assert toy.bridge.training
        assert toy.bridge.qformer.training
        assert not any(module.training for module in [*toy.encoder.modules(), *toy.language.modules()])
    finally:
        toy.eval()
    assert not toy.bridge.training


def test_only_the_bridge_requires_gradients(toy_folder: object, toy: Rsgpt) -> None:
    fresh = Rsgpt.build(toy.config)
    wanting = {name.split(".")[0] for name, parameter in fresh.named_parameters() if parameter.requires_grad}
    assert wanting == {"bridge"}
