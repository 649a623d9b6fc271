"""EVA's ViT returns the class token and one vector per patch, without the norm after its blocks."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import layer_norm

from rsgpt_backend.model.config import VisionConfig
from rsgpt_backend.model.vision.vit import VisionTransformer

CONFIG = VisionConfig(
    "eva-vit", 28, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), 24, 5, patch=14, layers=2, heads=4, intermediate=40
)


def vit(config: VisionConfig = CONFIG) -> VisionTransformer:
    """Return an encoder with random weights; those of transformers are too small to see a difference."""
    torch.manual_seed(1)
    encoder = VisionTransformer(config).eval().requires_grad_(False)
    for parameter in encoder.parameters():
        parameter.normal_(std=0.2)
    return encoder


@pytest.mark.parametrize(("size", "patch", "cells"), [(28, 14, 5), (56, 14, 17), (32, 8, 17)])
def test_one_vector_for_the_class_token_and_one_per_patch(size: int, patch: int, cells: int) -> None:
    encoder = vit(replace(CONFIG, image_size=size, patch=patch, cells=cells))
    assert encoder(torch.zeros(2, 3, size, size)).shape == (2, cells, CONFIG.width)


def test_blocks_and_widths_follow_from_the_config() -> None:
    shapes = {name: tuple(value.shape) for name, value in vit().state_dict().items()}
    layers = {name.split("encoder.layers.")[1].split(".")[0] for name in shapes if "encoder.layers." in name}
    assert layers == {"0", "1"}
    assert shapes["model.embeddings.patch_embedding.weight"] == (24, 3, 14, 14)
    assert shapes["model.embeddings.position_embedding"] == (1, 5, 24)
    assert shapes["model.encoder.layers.1.mlp.fc1.weight"] == (40, 24)
    assert shapes["model.encoder.layers.0.self_attn.qkv.bias"] == (72,)


def test_there_is_no_norm_after_the_blocks() -> None:
    encoder = vit()
    assert not [name for name in encoder.state_dict() if "post_layernorm" in name]
    features = encoder(torch.randn(1, 3, 28, 28))
    assert not torch.allclose(features, layer_norm(features, (CONFIG.width,)), atol=1e-2)


def test_a_patch_has_its_own_place() -> None:
    encoder = vit(replace(CONFIG, layers=1))
    dark, bright = torch.zeros(1, 3, 28, 28), torch.zeros(1, 3, 28, 28)
    bright[..., :14, 14:] = 5.0  # the second patch of the first row
    change = (encoder.model.embeddings(bright) - encoder.model.embeddings(dark)).abs().sum(dim=-1)[0]
    assert [bool(amount > 0.1) for amount in change] == [False, False, True, False, False]


def test_pictures_of_a_batch_do_not_affect_each_other() -> None:
    pixels = torch.randn(3, 3, 28, 28)
    together = vit()(pixels)
    torch.testing.assert_close(together[1:2], vit()(pixels[1:2]), atol=1e-5, rtol=1e-5)
