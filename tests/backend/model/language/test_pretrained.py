"""A transformers folder is loaded completely with known settings only, or refused with the file and the reason."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import T5Config, T5ForConditionalGeneration

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.language import pretrained
from rsgpt_backend.model.language.pretrained import (
    check_finite,
    copy_tokenizer,
    empty_pretrained,
    is_finite,
    language_config,
    load_pretrained,
    load_tokenizer,
)
from tests.backend.hostile.folders import edit
from tests.backend.toy import EOS, WIDTH


@pytest.fixture
def folder(toy_folder: Path, tmp_path: Path) -> Path:
    """A copy of the language model of the toy."""
    return Path(shutil.copytree(toy_folder / "language", tmp_path / "language"))


@pytest.fixture
def t5(tmp_path: Path) -> Path:
    """The folder of a random T5."""
    torch.manual_seed(3)
    config = T5Config(vocab_size=40, d_model=16, d_kv=4, d_ff=20, num_layers=2, num_heads=4)
    T5ForConditionalGeneration(config).save_pretrained(tmp_path / "t5")
    return tmp_path / "t5"


def test_a_config_has_the_values_of_its_file(folder: Path) -> None:
    config = language_config(folder, encoder_decoder=False)
    assert (config.model_type, config.hidden_size, config.num_hidden_layers) == ("llama", WIDTH, 2)
    assert (config.num_key_value_heads, config.max_position_embeddings, config.eos_token_id) == (2, 512, EOS)


def test_unknown_settings_do_not_reach_the_config(folder: Path) -> None:
    unknown = {"auto_map": {"AutoConfig": "own.Config"}, "_name_or_path": "/etc", "use_kernels": True, "own": 1}
    edit(folder / "config.json", unknown)
    config = language_config(folder, encoder_decoder=False)
    assert [name for name in ("auto_map", "use_kernels", "own") if hasattr(config, name)] == []
    assert config._name_or_path == ""


@pytest.mark.parametrize("names_t5", [True, False])
def test_the_kind_must_be_that_of_the_model(folder: Path, t5: Path, names_t5: bool) -> None:
    with pytest.raises(ModelError, match="which contradicts model.json. Get the model again"):
        language_config(t5 if names_t5 else folder, encoder_decoder=not names_t5)
    assert language_config(t5, encoder_decoder=True).d_model == 16


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model_type": "gpt2"}, r"the model type 'gpt2'; supported are llama, opt, t5\. Choose another"),
        ({"model_type": None}, "the model type None"),
        ({"quantization_config": {"bits": 4}}, "has a quantization_config: quantized weights are not supported"),
        ({"compression_config": {"a": 1}}, "has a compression_config"),
        ({"attn_implementation": "own/kernel"}, "requires the kernel 'own/kernel'.*Remove attn_implementation"),
        ({"_experts_implementation": "own\n"}, "requires the kernel 'own'.*Remove _experts_implementation"),
        ({"num_hidden_layers": 257}, "num_hidden_layers is not a whole number from 1 to 256"),
        ({"num_hidden_layers": None}, "num_hidden_layers is not a whole number"),
        ({"hidden_size": 0}, "hidden_size is not a whole number from 1 to 16000000"),
        ({"hidden_size": 32.0}, "hidden_size is not a whole number"),
        ({"vocab_size": True}, "vocab_size is not a whole number"),
        ({"bos_token_id": 10**9}, "bos_token_id is 1000000000, which is out of range"),
        ({"pad_token_id": -(10**9)}, "pad_token_id is -1000000000, which is out of range"),
    ],
)
def test_a_setting_that_is_not_supported_is_named(folder: Path, changes: dict[str, Any], sentence: str) -> None:
    edit(folder / "config.json", changes)
    with pytest.raises(ModelError, match=rf"config\.json.*{sentence}"):
        language_config(folder, encoder_decoder=False)


@pytest.mark.parametrize(
    "changes",
    [
        {"num_key_value_heads": None},
        {"head_dim": None},
        {"quantization_config": None},
        {"_attn_implementation": "sdpa", "attn_implementation": None},
        {"num_hidden_layers": 256},
    ],
)
def test_settings_without_effect_or_at_the_limit_are_accepted(folder: Path, changes: dict[str, Any]) -> None:
    edit(folder / "config.json", changes)
    assert language_config(folder, encoder_decoder=False).hidden_size == WIDTH


def test_an_adapter_is_refused(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError, match="contains an adapter, which is not supported. Merge it into its model first"):
        language_config(folder, encoder_decoder=False)


def test_a_model_has_the_weights_of_its_files(folder: Path) -> None:
    model = load_pretrained(folder, encoder_decoder=False)
    saved = load_file(folder / "model.safetensors")
    assert {name for name in saved if not torch.equal(model.state_dict()[name], saved[name])} == set()
    assert load_pretrained(folder, encoder_decoder=False, dtype=torch.bfloat16).dtype == torch.bfloat16


def test_a_t5_is_loaded(t5: Path) -> None:
    model = load_pretrained(t5, encoder_decoder=True)
    assert torch.equal(model.shared.weight, load_file(t5 / "model.safetensors")["shared.weight"])


def test_a_model_can_be_checked_without_reading_it(folder: Path) -> None:
    assert load_pretrained(folder, encoder_decoder=False, device_map="meta") is None
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"][0] = float("nan")
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert load_pretrained(folder, encoder_decoder=False, device_map="meta") is None
    with pytest.raises(ModelError, match=r"model\.norm\.weight contains NaN or infinite numbers"):
        load_pretrained(folder, encoder_decoder=False)


@pytest.mark.parametrize("settings", [{}, {"device_map": "meta"}])
def test_the_first_wrong_weight_is_named_with_the_number_of_others(folder: Path, settings: dict[str, Any]) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["model.norm.weight"]
    save_file({**weights, "a": torch.ones(1), "b": torch.ones(1)}, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(
        ModelError, match=r"has the unexpected weight a; 2 more weights are wrong\. Get the model again"
    ):
        load_pretrained(folder, encoder_decoder=False, **settings)


def test_a_damaged_generation_config_is_named(folder: Path) -> None:
    (folder / "generation_config.json").write_text("[]")
    with pytest.raises(ModelError, match=r"generation_config\.json cannot be read \(it does not contain an object\)"):
        load_pretrained(folder, encoder_decoder=False)


def test_an_empty_model_has_the_shapes_of_a_loaded_one(folder: Path) -> None:
    empty = empty_pretrained(folder, False, torch.bfloat16)
    (folder / "model.safetensors").rename(folder / "other.safetensors")  # its weights are not read
    assert {
        name: value.shape for name, value in empty_pretrained(folder, False, torch.float32).state_dict().items()
    } == {name: value.shape for name, value in empty.state_dict().items()}
    assert {value.dtype for value in empty.parameters()} == {torch.bfloat16}


def test_a_tokenizer_is_read_back(folder: Path) -> None:
    tokenizer = load_tokenizer(folder)
    ids = tokenizer("many green trees", add_special_tokens=False).input_ids
    assert tokenizer.decode(ids) == "many green trees"
    assert tokenizer.eos_token_id == EOS


def test_settings_reach_the_tokenizer(folder: Path) -> None:
    assert load_tokenizer(folder, padding_side="left").padding_side == "left"


def test_files_named_in_a_tokenizer_config_are_not_read(folder: Path, tmp_path: Path) -> None:
    edit(
        folder / "tokenizer_config.json",
        {"tokenizer_file": "/etc/passwd", "auto_map": {"AutoTokenizer": ["own", None]}},
    )
    (folder / "own.py").write_text("raise RuntimeError('imported')")
    assert load_tokenizer(folder).eos_token_id == EOS


@pytest.mark.parametrize("name", ["Own", "OwnTokenizer", 7, "../LlamaTokenizer"])
def test_a_custom_tokenizer_is_refused(folder: Path, name: object) -> None:
    edit(folder / "tokenizer_config.json", {"tokenizer_class": name})
    with pytest.raises(ModelError, match=r"tokenizer_config\.json names the tokenizer .*Choose another language model"):
        load_tokenizer(folder)


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has no readable tokenizer"):
        load_tokenizer(tmp_path)


def test_a_large_tokenizer_file_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "_MAX_TOKENIZER_BYTES", (folder / "tokenizer.json").stat().st_size - 1)
    with pytest.raises(ModelError, match=r"tokenizer\.json is too large for a tokenizer file"):
        load_tokenizer(folder)


def test_tokenizer_and_generation_config_are_copied_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    (folder / "generation_config.json").write_text('{"eos_token_id": 1}')
    (folder / "own.py").write_text("raise RuntimeError('imported')")
    copies = copy_tokenizer(folder, tmp_path / "new" / "copy")
    assert sorted(path.name for path in copies) == ["tokenizer.json", "tokenizer_config.json"]
    names = sorted(path.name for path in (tmp_path / "new" / "copy").iterdir())
    assert names == ["generation_config.json", "tokenizer.json", "tokenizer_config.json"]
    assert all(path.read_bytes() == (folder / path.name).read_bytes() for path in copies)


def test_a_generation_config_without_a_tokenizer_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "generation_config.json").write_text(json.dumps({}))
    assert copy_tokenizer(tmp_path / "a", tmp_path / "b") == []
    assert list((tmp_path / "b").iterdir()) == []


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0, True), (-1e4, True), (float("nan"), False), (float("inf"), False), (-float("inf"), False)],
)
def test_nan_and_infinity_are_found_in_every_format(dtype: torch.dtype, value: float, expected: bool) -> None:
    tensor = torch.zeros(3, 4, dtype=dtype)
    tensor[2, 1] = value
    assert is_finite(tensor) is expected
    assert is_finite(nn.Parameter(tensor)) is expected


def test_whole_numbers_and_empty_tensors_are_finite() -> None:
    assert is_finite(torch.tensor([2**40, -5]))
    assert is_finite(torch.empty(0, 3))


def test_the_first_weight_that_is_not_finite_is_named() -> None:
    weights = [("a", torch.zeros(2)), ("b", torch.tensor([float("inf")])), ("c", torch.tensor([float("nan")]))]
    with pytest.raises(ModelError, match=r"^x\.pth: b contains NaN or infinite numbers\. Get the model from another"):
        check_finite(weights, Path("x.pth"))
    check_finite(weights[:1], Path("x.pth"))
