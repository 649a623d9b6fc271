"""A language model is loaded completely or rejected, and no code of its folder is run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.config import LanguageConfig
from rsgpt_backend.model.hardware.precision import FLOAT32, Precision
from rsgpt_backend.model.language.language import load_language
from tests.backend.toy import BOS, EOS, WIDTH


def test_language_model_of_a_folder(toy_folder: Path) -> None:
    language = load_language(LanguageConfig(str(toy_folder / "language"), WIDTH, BOS, EOS), Precision(torch.bfloat16))
    assert language.model.dtype == torch.bfloat16
    assert not language.model.training
    assert not any(parameter.requires_grad for parameter in language.model.parameters())
    assert language.words.embedding_dim == WIDTH
    assert language.tokenizer.eos_token_id == EOS


LOST = "model.layers.1.mlp.up_proj.weight"


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda tensors: tensors.pop(LOST), f"lacks {LOST}"),
        (lambda tensors: tensors.update({"model.adapter.weight": torch.ones(2)}), "model.adapter.weight"),
        (lambda tensors: tensors.update({LOST: torch.ones(3, 3)}), f"{LOST}.* shape"),
    ],
)
@pytest.mark.parametrize("precision", [FLOAT32, Precision(torch.bfloat16, 8)])
def test_weights_that_do_not_fit_are_named(
    toy_folder: Path, tmp_path: Path, spoil: Callable[[dict[str, Tensor]], None], sentence: str, precision: Precision
) -> None:
    folder = Path(shutil.copytree(toy_folder / "language", tmp_path / "language"))
    tensors = load_file(folder / "model.safetensors")
    spoil(tensors)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=sentence):
        load_language(LanguageConfig(str(folder), WIDTH, BOS, EOS), precision)


@pytest.mark.parametrize("precision", [FLOAT32, Precision(torch.bfloat16, 8)])
def test_damaged_weights_are_rejected(toy_folder: Path, tmp_path: Path, precision: Precision) -> None:
    folder = Path(shutil.copytree(toy_folder / "language", tmp_path / "language"))
    (folder / "model.safetensors").write_bytes(b"rubbish")
    with pytest.raises(ModelError, match="has no readable language model"):
        load_language(LanguageConfig(str(folder), WIDTH, BOS, EOS), precision)


def test_valid_pickle_is_not_opened(toy_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(toy_folder / "language", tmp_path / "language"))
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="has no readable language model"):
        load_language(LanguageConfig(str(folder), WIDTH, BOS, EOS))


def test_code_of_a_folder_is_neither_run_nor_offered(
    toy_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(toy_folder / "language", tmp_path / "language"))
    own = {"model_type": "own", "auto_map": {name: f"own.{name}" for name in ("AutoConfig", "AutoModelForCausalLM")}}
    (folder / "config.json").write_text(json.dumps(own))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'mark')!r}, 'w')")
    monkeypatch.setattr("builtins.input", lambda _: "y")
    with pytest.raises(ModelError, match=r"config\.json has the model type 'own'; supported are llama, opt, t5"):
        load_language(LanguageConfig(str(folder), WIDTH, BOS, EOS))
    assert not (tmp_path / "mark").exists()
