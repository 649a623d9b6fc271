"""Saved weights are restored: the encoder in half precision, the bridge's matrices within a step of int8."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.config import ModelConfig
from rsgpt_backend.model.hardware.precision import Precision
from rsgpt_backend.model.hashes import file_sha256
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.model.weights import WEIGHTS_FILE, load_model, load_published, save_model
from tests.backend.toy import make_config, make_model


@pytest.fixture
def folder(toy_folder: Path, tmp_path: Path) -> Path:
    """A copy of the toy's folder to damage, without the language model."""
    copy = tmp_path / "model"
    shutil.copytree(toy_folder, copy, ignore=shutil.ignore_patterns("language"))
    return copy


def rewrite(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    save_file(tensors, folder / WEIGHTS_FILE)
    config = ModelConfig.read(folder)
    dataclasses.replace(config, weights_sha256=file_sha256(folder / WEIGHTS_FILE)).write(folder)


def test_weights_round_trip(toy_folder: Path, tmp_path: Path) -> None:
    model = make_model(make_config(toy_folder / "language"), seed=11)
    config = save_model(model, tmp_path)
    loaded = load_model(tmp_path)
    assert loaded.config == config
    assert config.weights_sha256 == file_sha256(tmp_path / WEIGHTS_FILE)
    for key, value in model.encoder.state_dict().items():
        torch.testing.assert_close(loaded.encoder.state_dict()[key], value, atol=1e-7, rtol=1e-3)
    for key, value in model.bridge.state_dict().items():
        restored = loaded.bridge.state_dict()[key]
        steps = value.abs().amax(1, keepdim=True) / 127 if value.ndim == 2 else torch.zeros(())
        assert ((restored - value).abs() <= 0.501 * steps).all(), key


def test_matrices_are_stored_as_int8(folder: Path) -> None:
    tensors = load_file(folder / WEIGHTS_FILE)
    matrix = tensors["bridge.projection.weight"]
    assert matrix.dtype == torch.int8
    assert matrix.abs().max() == 127
    assert tensors["bridge.projection.weight.scale"].shape == (len(matrix), 1)
    assert tensors["bridge.projection.bias"].dtype == torch.float32
    assert tensors["encoder.conv_stem.weight"].dtype == torch.float16
    assert not any(key.startswith("language") or "word_embeddings.weight" in key for key in tensors)


def test_a_row_of_zeros_survives(toy_folder: Path, tmp_path: Path) -> None:
    model = make_model(make_config(toy_folder / "language"))
    model.bridge.projection.weight[3] = 0
    save_model(model, tmp_path)
    assert torch.equal(load_model(tmp_path).bridge.projection.weight[3], torch.zeros(32))


def test_saving_a_loaded_model_changes_nothing(toy: Rsgpt, toy_folder: Path, tmp_path: Path) -> None:
    assert save_model(toy, tmp_path).weights_sha256 == file_sha256(toy_folder / WEIGHTS_FILE)


def test_a_loaded_model_is_frozen(toy: Rsgpt) -> None:
    assert not any(parameter.requires_grad for parameter in toy.parameters())
    assert not any(module.training for module in toy.modules())


def test_precision_applies_to_the_language_model_only(folder: Path) -> None:
    model = load_model(folder, Precision(torch.bfloat16))
    assert model.language.dtype == torch.bfloat16
    assert {parameter.dtype for parameter in model.bridge.parameters()} == {torch.float32}


def test_weights_with_another_hash_are_rejected(folder: Path) -> None:
    with (folder / WEIGHTS_FILE).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelError, match="is not the file that its model.json names"):
        load_model(folder)


def test_missing_weights_are_rejected(folder: Path) -> None:
    (folder / WEIGHTS_FILE).unlink()
    with pytest.raises(ModelError, match=r"is missing.*Install the model again"):
        load_model(folder)


def test_invalid_file_with_the_recorded_hash_is_rejected(folder: Path) -> None:
    (folder / WEIGHTS_FILE).write_bytes(b"rubbish")
    config = dataclasses.replace(ModelConfig.read(folder), weights_sha256=file_sha256(folder / WEIGHTS_FILE))
    config.write(folder)
    with pytest.raises(ModelError, match=r"model\.safetensors has no readable weights"):
        load_model(folder)


@pytest.mark.parametrize("key", ["encoder.blocks.0.bn1.bias", "bridge.ln_vision.weight", "bridge.projection.weight"])
def test_a_missing_tensor_is_named(folder: Path, key: str) -> None:
    tensors = load_file(folder / WEIGHTS_FILE)
    rewrite(folder, {name: value for name, value in tensors.items() if not name.startswith(key)})
    with pytest.raises(ModelError, match=f"do not fit the model: {key} and 0 more"):
        load_model(folder)


def test_an_extra_tensor_is_named(folder: Path) -> None:
    rewrite(folder, {**load_file(folder / WEIGHTS_FILE), "bridge.adapter.weight": torch.zeros(2, 2)})
    with pytest.raises(ModelError, match="bridge.adapter.weight and 0 more"):
        load_model(folder)


def test_a_tensor_of_another_shape_is_named(folder: Path) -> None:
    rewrite(folder, {**load_file(folder / WEIGHTS_FILE), "bridge.projection.bias": torch.zeros(7)})
    with pytest.raises(ModelError, match="bridge.projection.bias and 0 more"):
        load_model(folder)


def test_missing_language_model_is_rejected(folder: Path, tmp_path: Path) -> None:
    config = ModelConfig.read(folder)
    elsewhere = dataclasses.replace(config.language, source=str(tmp_path / "nowhere"))
    dataclasses.replace(config, language=elsewhere).write(folder)
    with pytest.raises(ModelError, match=r"nowhere.config\.json is missing.*Install the model again"):
        load_model(folder)


def test_published_weights_of_a_missing_package_are_rejected(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rsgpt_backend.model.packages.PACKAGES", ("no_such_package",))
    with pytest.raises(ModelError, match="no_such_package is missing"):
        load_published(toy.encoder, "no_such_package/file.pth")


def test_a_finder_round_trip(finding_toy: Rsgpt, finder_folder: Path, tmp_path: Path) -> None:
    assert save_model(finding_toy, tmp_path).weights_sha256 == file_sha256(finder_folder / WEIGHTS_FILE)
    tensors = load_file(finder_folder / WEIGHTS_FILE)
    assert tensors["finder.heads.weight"].dtype == torch.float16
    loaded = load_model(tmp_path)
    assert loaded.config.finder == finding_toy.config.finder
    assert loaded.finder is not None
    assert finding_toy.finder is not None
    for key, value in finding_toy.finder.state_dict().items():
        assert torch.equal(loaded.finder.state_dict()[key], value), key


def test_a_missing_tensor_of_the_finder_is_named(finder_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(finder_folder, folder, ignore=shutil.ignore_patterns("language"))
    tensors = load_file(folder / WEIGHTS_FILE)
    rewrite(folder, {name: value for name, value in tensors.items() if name != "finder.heads.bias"})
    with pytest.raises(ModelError, match=r"do not fit the model: finder\.heads\.bias and 0 more"):
        load_model(folder)


def test_weights_of_a_finder_without_its_config_are_rejected(finder_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(finder_folder, folder, ignore=shutil.ignore_patterns("language"))
    dataclasses.replace(ModelConfig.read(folder), finder=None).write(folder)
    with pytest.raises(ModelError, match=r"do not fit the model: finder\."):
        load_model(folder)
