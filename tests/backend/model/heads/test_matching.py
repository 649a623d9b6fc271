"""Vectors of pictures and texts, and the loss that brings matching ones together."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.config import ModelConfig
from rsgpt_backend.model.fingerprint import fingerprint
from rsgpt_backend.model.hardware.memory import model_size
from rsgpt_backend.model.hashes import file_sha256
from rsgpt_backend.model.heads.matching import MatchingHead, matching_loss
from rsgpt_backend.model.rsgpt import Rsgpt, pad
from rsgpt_backend.model.vision.encoders import to_bytes
from rsgpt_backend.model.weights import WEIGHTS_FILE, load_model, save_model
from tests.backend.toy import IMAGE_SIZE, make_config, make_model, picture

WIDTH = 16
TEXTS = ("many green trees and a road", "gray", "Is there any water?")


@pytest.fixture(scope="module")
def config(toy_folder: Path) -> ModelConfig:
    return replace(make_config(toy_folder / "language"), matching_width=WIDTH)


@pytest.fixture(scope="module")
def model(config: ModelConfig) -> Rsgpt:
    return make_model(config)


@pytest.fixture(scope="module")
def features(model: Rsgpt) -> torch.Tensor:
    return model.encode(to_bytes([picture(seed) for seed in range(3)], IMAGE_SIZE))


def head(model: Rsgpt) -> MatchingHead:
    assert model.matching is not None
    return model.matching


def read(model: Rsgpt, *texts: str) -> tuple[torch.Tensor, torch.Tensor]:
    return pad([instruction.read for instruction in model.instruct(texts)], 0, torch.device("cpu"))


def test_vectors_have_unit_length_and_differ(model: Rsgpt, features: torch.Tensor) -> None:
    for vectors in (
        head(model).image_vectors(model.bridge, features),
        head(model).text_vectors(model.bridge, *read(model, *TEXTS)),
    ):
        assert vectors.shape == (3, WIDTH)
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))
        assert (vectors[0] - vectors[1]).abs().max() > 1e-3


def test_a_text_has_the_same_vector_alone_and_among_longer_ones(model: Rsgpt) -> None:
    together = head(model).text_vectors(model.bridge, *read(model, *TEXTS))
    for text, vector in zip(TEXTS, together, strict=True):
        alone = head(model).text_vectors(model.bridge, *read(model, text))[0]
        torch.testing.assert_close(alone, vector, atol=1e-5, rtol=1e-4)


def test_an_empty_text_leaves_a_batch_finite(model: Rsgpt) -> None:
    vectors = head(model).text_vectors(model.bridge, *read(model, "", TEXTS[0]))
    assert vectors.isfinite().all()
    alone = head(model).text_vectors(model.bridge, *read(model, TEXTS[0]))
    torch.testing.assert_close(vectors[1:], alone, atol=1e-5, rtol=1e-4)


def test_a_picture_s_vector_depends_on_its_ground_resolution(config: ModelConfig, features: torch.Tensor) -> None:
    grounded = make_model(replace(config, vision=replace(config.vision, ground_resolution=True)))
    fine, coarse = (
        head(grounded).image_vectors(grounded.bridge, features, torch.full((3,), gsd)) for gsd in (0.1, 10.0)
    )
    assert (fine - coarse).abs().max() > 1e-4


@pytest.mark.parametrize(("value", "expected"), [(0.07, 0.07), (1e-9, 0.01), (1e9, 0.5)])
def test_the_temperature_stays_in_its_limits(value: float, expected: float) -> None:
    head = MatchingHead(4, 4)
    with torch.no_grad():
        head.log_temperature.fill_(math.log(value))
    assert head.temperature.item() == pytest.approx(expected)


class Fixed(MatchingHead):
    """A head with given vectors and a temperature of 0.5."""

    def __init__(self, images: torch.Tensor, texts: torch.Tensor) -> None:
        super().__init__(1, 1)
        torch.nn.init.constant_(self.log_temperature, math.log(0.5))
        self._images, self._texts = images, texts

    def image_vectors(self, *_: object) -> torch.Tensor:
        return self._images

    def text_vectors(self, *_: object) -> torch.Tensor:
        return self._texts


def loss(model: Rsgpt, images: torch.Tensor, texts: torch.Tensor, groups: list[int]) -> float:
    unused = torch.zeros(1)
    fixed = Fixed(images, texts)
    return matching_loss(fixed, model.bridge, unused, unused, unused, groups=torch.tensor(groups)).item()


def test_the_loss_of_a_known_batch(model: Rsgpt) -> None:
    axes = torch.eye(2)
    right = -math.log(math.exp(2) / (math.exp(2) + 1))
    assert loss(model, axes, axes, [0, 1]) == pytest.approx(right)
    assert loss(model, axes, axes.flip(0), [0, 1]) == pytest.approx(right + 2)


def test_pictures_with_equal_sentences_are_no_negatives(model: Rsgpt) -> None:
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    matched, apart = loss(model, vectors, vectors, [4, 4, 7]), loss(model, vectors, vectors, [4, 5, 7])
    assert 0 < matched < apart - 0.4
    moved = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    assert matched < loss(model, moved, vectors, [4, 4, 7])
    assert loss(model, vectors[:2], vectors[:2], [4, 4]) == pytest.approx(0, abs=1e-6)


def test_a_few_steps_bring_matching_ones_together(config: ModelConfig, features: torch.Tensor) -> None:
    model = make_model(config)
    trained = [*model.bridge.requires_grad_(True).parameters(), *head(model).requires_grad_(True).parameters()]
    optimizer = torch.optim.AdamW(trained, lr=3e-3)
    ids, mask = read(model, *TEXTS)
    losses = []
    for _ in range(40):
        value = matching_loss(head(model), model.bridge, features, ids, mask, groups=torch.arange(3))
        value.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(value.item())
    assert losses[-1] < 0.3 * losses[0]


def test_only_trained_parts_are_in_training_mode(config: ModelConfig) -> None:
    model = Rsgpt.build(config)
    model.train()
    assert head(model).training
    assert model.bridge.training
    assert not model.encoder.training
    assert list(model.trained_parts()) == ["bridge", "matching"]


def test_the_head_survives_saving(model: Rsgpt, config: ModelConfig, features: torch.Tensor, tmp_path: Path) -> None:
    saved = save_model(model, tmp_path)
    loaded = load_model(tmp_path)
    assert loaded.config == saved
    expected = head(model).image_vectors(model.bridge, features)
    similar = (head(loaded).image_vectors(loaded.bridge, features) * expected).sum(1)
    assert similar.min() > 0.99
    language = Path(config.language.source)
    size, without = model_size(tmp_path, language), sum(part.numel() for part in model.bridge.parameters())
    assert size.bridge == without + sum(part.numel() for part in head(model).parameters())


def test_nan_in_the_head_is_refused(model: Rsgpt, tmp_path: Path) -> None:
    save_model(model, tmp_path)
    tensors = load_file(tmp_path / WEIGHTS_FILE)
    tensors["matching.text.bias"].fill_(math.nan)
    save_file(tensors, tmp_path / WEIGHTS_FILE)
    replace(ModelConfig.read(tmp_path), weights_sha256=file_sha256(tmp_path / WEIGHTS_FILE)).write(tmp_path)
    with pytest.raises(ModelError, match=r"matching\.text\.bias contains NaN"):
        load_model(tmp_path)


def test_a_model_without_a_head(toy: Rsgpt) -> None:
    assert toy.matching is None
    assert list(toy.trained_parts()) == ["bridge"]


def test_parts_that_a_model_lacks_leave_its_fingerprint_as_it_was(toy_folder: Path) -> None:
    config = ModelConfig.read(toy_folder)
    before = fingerprint(config, toy_folder, "fp32")
    assert fingerprint(replace(config, matching_width=WIDTH), toy_folder, "fp32") != before
    grounded = replace(config, vision=replace(config.vision, ground_resolution=True))
    assert fingerprint(grounded, toy_folder, "fp32") != before
