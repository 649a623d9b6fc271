"""Files of LAVIS, RSGPT's runner and MiniGPT-4 are converted completely and without invented weights."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from rsgpt_backend.convert.conversion import ConversionSources, convert
from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.config import ModelConfig
from rsgpt_backend.model.language.language_files import language_sha256
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.model.weights import load_model
from tests.backend.family import make_llama, make_reader, tiny, trained, vit


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files that a user downloads."""
    folder = tmp_path_factory.mktemp("downloads")
    torch.save(vit(prefix=""), folder / "eva_vit_g.pth")
    torch.save({"model": trained()}, folder / "instruct_blip.pth")
    return {
        "eva": folder / "eva_vit_g.pth",
        "lavis": folder / "instruct_blip.pth",
        "language": make_llama(folder / "vicuna"),
        "reader": make_reader(folder / "bert"),
    }


def converted(parts: dict[str, Path], out: Path, *files: Path, name: str = "instructblip-vicuna-7b") -> Rsgpt:
    """Convert the files with the language model and tokenizer of `parts`, and load the model."""
    convert(ConversionSources(files, parts["language"], parts["reader"]), out, tiny(name))
    return load_model(out)


def test_lavis_files_become_a_model(parts: dict[str, Path], tmp_path: Path) -> None:
    model = converted(parts, tmp_path / "model", parts["eva"], parts["lavis"])
    source, eva = trained(), vit(prefix="")
    state = {**{f"encoder.{k}": v for k, v in model.encoder.state_dict().items()}, **prefixed(model)}
    bias = state["encoder.model.encoder.layers.1.self_attn.qkv.bias"]
    query, key, value = bias.chunk(3)
    assert torch.equal(query, eva["blocks.1.attn.q_bias"])
    assert not key.any()
    assert torch.equal(value, eva["blocks.1.attn.v_bias"])
    for ours, theirs in (
        ("bridge.ln_vision.weight", "ln_vision.weight"),
        ("bridge.projection.bias", "llm_proj.bias"),
        ("bridge.qformer.model.embeddings.layernorm.weight", "Qformer.bert.embeddings.LayerNorm.weight"),
        (
            "bridge.qformer.model.encoder.layer.2.crossattention.attention.key.weight",
            "Qformer.bert.encoder.layer.2.crossattention.self.key.weight",
        ),
        (
            "bridge.qformer.model.encoder.layer.3.output_query.LayerNorm.bias",
            "Qformer.bert.encoder.layer.3.output_query.LayerNorm.bias",
        ),
    ):
        assert torch.equal(state[ours], source[theirs]), ours


def prefixed(model: Rsgpt) -> dict[str, Tensor]:
    """Return the bridge's weights by their names in the file."""
    return {f"bridge.{name}": value for name, value in model.bridge.state_dict().items()}


def test_rsgpt_s_file_replaces_the_trained_part(parts: dict[str, Path], tmp_path: Path) -> None:
    run = {f"module.{name}": value + 1 for name, value in trained().items()}
    state: dict[str, Any] = {"model": run, "optimizer": {"state": {}}, "scaler": {}, "epoch": 4}
    torch.save(state, tmp_path / "checkpoint_4.pth")
    files = parts["eva"], parts["lavis"], tmp_path / "checkpoint_4.pth"
    model = converted(parts, tmp_path / "model", *files, name="rsgpt-7b")
    assert torch.equal(model.bridge.projection.weight, trained()["llm_proj.weight"] + 1)
    assert torch.equal(model.bridge.qformer.get_parameter("query_tokens"), trained()["query_tokens"] + 1)


def test_minigpt4_takes_a_foreign_q_former(parts: dict[str, Path], tmp_path: Path) -> None:
    blip2 = trained("t5_proj", text=False)
    blip2["t5_proj.weight"] = torch.zeros(77, 16)  # another language model's width
    blip2["t5_proj.bias"] = torch.zeros(77)
    torch.save({"model": blip2}, tmp_path / "blip2.pth")
    projection = {"llama_proj.weight": torch.ones(32, 16), "llama_proj.bias": torch.ones(32)}
    torch.save({"model": projection}, tmp_path / "minigpt4.pth")
    files = parts["eva"], tmp_path / "blip2.pth", tmp_path / "minigpt4.pth"
    model = converted(parts, tmp_path / "model", *files, name="minigpt4-7b")
    assert torch.equal(model.bridge.projection.weight, projection["llama_proj.weight"])
    (instruction,) = model.instruct(["gray"])
    assert model.tokenizer.decode(instruction.before) == "</s>###Human: <Img>"
    assert model.tokenizer.decode(instruction.after) == "</Img> gray ###Assistant: "


def test_minigpt4_without_a_q_former_joins_patches(parts: dict[str, Path], tmp_path: Path) -> None:
    weights = {"llama_proj.weight": torch.rand(32, 96), "llama_proj.bias": torch.rand(32)}
    torch.save(
        {"model": {**weights, "ln_vision.weight": torch.ones(24), "ln_vision.bias": torch.zeros(24)}},
        tmp_path / "m.pth",
    )
    model = converted(parts, tmp_path / "model", parts["eva"], tmp_path / "m.pth", name="minigpt4-llama2-7b")
    features = torch.rand(2, 5, 24)
    normed = torch.nn.functional.layer_norm(features, (24,))[:, 1:].reshape(2, 1, 96)
    wanted = normed @ weights["llama_proj.weight"].T + weights["llama_proj.bias"]
    with torch.no_grad():
        torch.testing.assert_close(model.query_vectors(features, model.instruct(["a", "b"])), wanted)


def test_the_language_model_is_written_shard_by_shard(
    parts: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rsgpt_backend.convert.language_model.SHARD_BYTES", 10_000)
    model = converted(parts, tmp_path / "model", parts["eva"], parts["lavis"])
    assert len(list((tmp_path / "model" / "language").glob("model-*.safetensors"))) > 3
    config = ModelConfig.read(tmp_path / "model")
    assert config.language.sha256 == language_sha256(config.language, tmp_path / "model")
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_pretrained(parts["language"]).state_dict()
    assert all(torch.equal(value, plain[name]) for name, value in model.language.state_dict().items())


def test_a_language_model_of_pickles_may_share_weights(parts: dict[str, Path], tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    folder = make_llama(tmp_path / "pickled")
    plain = AutoModelForCausalLM.from_pretrained(folder).state_dict()
    (folder / "model.safetensors").unlink()
    torch.save({**plain, "lm_head.weight": plain["model.embed_tokens.weight"]}, folder / "pytorch_model.bin")
    model = converted({**parts, "language": folder}, tmp_path / "model", parts["eva"], parts["lavis"])
    assert torch.equal(model.language.lm_head.weight, plain["model.embed_tokens.weight"])


def test_language_model_without_a_weight_is_rejected(parts: dict[str, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(parts["language"], tmp_path / "language"))
    tensors = load_file(folder / "model.safetensors")
    del tensors["model.norm.weight"]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks model\.norm\.weight"):
        converted({**parts, "language": folder}, tmp_path / "model", parts["eva"], parts["lavis"])
    assert not (tmp_path / "model").exists()


def test_files_without_a_projection_are_rejected(parts: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="No file contains a projection"):
        convert(ConversionSources([parts["eva"]], parts["language"], parts["reader"]), tmp_path / "model")


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda t: t.pop("Qformer.bert.encoder.layer.3.output.dense.weight"), "layer.3.output.dense.weight"),
        (lambda t: t.pop("query_tokens"), "query_tokens"),
        (lambda t: t.update({"Qformer.bert.pooler.weight": torch.ones(1)}), "pooler.weight"),
        (lambda t: t.update({"something": torch.ones(1)}), "something"),
        (lambda t: t.update({"llm_proj.weight": torch.ones(32, 17)}), "projection.weight has shape \\[32, 17\\]"),
        (lambda t: t.update({"ln_vision.bias": torch.ones(25)}), "ln_vision.bias has shape"),
    ],
)
def test_weight_that_does_not_fit_is_named(parts: dict[str, Path], tmp_path: Path, spoil: Any, named: str) -> None:
    tensors = trained()
    spoil(tensors)
    torch.save({"model": tensors}, tmp_path / "spoilt.pth")
    with pytest.raises(ModelError, match=named):
        converted(parts, tmp_path / "model", parts["eva"], tmp_path / "spoilt.pth")
    assert not (tmp_path / "model").exists()


def test_blip2_file_is_not_an_instructblip(parts: dict[str, Path], tmp_path: Path) -> None:
    torch.save({"model": trained(text=False)}, tmp_path / "blip2.pth")
    with pytest.raises(ModelError, match="weights of instructblip-vicuna-7b are missing from the files"):
        converted(parts, tmp_path / "model", parts["eva"], tmp_path / "blip2.pth")


def test_incomplete_bias_pair_is_named(parts: dict[str, Path], tmp_path: Path) -> None:
    eva = vit(prefix="")
    del eva["blocks.0.attn.v_bias"]
    torch.save(eva, tmp_path / "eva.pth")
    with pytest.raises(ModelError, match="self_attn.q_bias, which this model does not have"):
        converted(parts, tmp_path / "model", tmp_path / "eva.pth", parts["lavis"])


def test_part_folder_with_other_files_is_not_deleted(parts: dict[str, Path], tmp_path: Path) -> None:
    draft = tmp_path / ".model.part"
    draft.mkdir()
    (draft / "notes.txt").write_text("mine")
    with pytest.raises(ModelError, match="contains other files"):
        converted(parts, tmp_path / "model", parts["eva"], parts["lavis"])
    assert (draft / "notes.txt").read_text() == "mine"
    (draft / "notes.txt").rename(draft / "model.json")  # as left by a killed conversion
    converted(parts, tmp_path / "model", parts["eva"], parts["lavis"])
    assert not draft.exists()


def spoilt(file: Path, name: str, value: float) -> Path:
    """Return a copy of a checkpoint in which one number of a weight is changed."""
    content = torch.load(file, weights_only=True)
    tensors = content.get("model", content)
    tensors[name].view(-1)[0] = value
    torch.save(content, file.with_name(f"spoilt-{file.name}"))
    return file.with_name(f"spoilt-{file.name}")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_not_finite_are_rejected(parts: dict[str, Path], tmp_path: Path, value: float) -> None:
    bridge = spoilt(parts["lavis"], "llm_proj.weight", value)
    with pytest.raises(ModelError, match=r"spoilt-instruct_blip\.pth: bridge\.projection\.weight contains NaN"):
        converted(parts, tmp_path / "model", parts["eva"], bridge)
    encoder = spoilt(parts["eva"], "cls_token", value)
    with pytest.raises(ModelError, match=r"embeddings\.class_embedding contains NaN or infinite"):
        converted(parts, tmp_path / "model", encoder, parts["lavis"])
    assert not (tmp_path / "model").exists()


def test_weight_too_large_for_16_bits_is_rejected(parts: dict[str, Path], tmp_path: Path) -> None:
    encoder = spoilt(parts["eva"], "blocks.0.mlp.fc1.weight", 70_000)
    with pytest.raises(ModelError, match=r"layers\.0\.mlp\.fc1\.weight has numbers that are too large for 16 bits"):
        converted(parts, tmp_path / "model", encoder, parts["lavis"])
    assert not (tmp_path / "model").exists()


def test_language_model_that_is_not_finite_is_rejected(parts: dict[str, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(parts["language"], tmp_path / "language"))
    tensors = load_file(folder / "model.safetensors")
    tensors["model.norm.weight"][0] = float("nan")
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=r"model\.norm\.weight contains NaN or infinite"):
        converted({**parts, "language": folder}, tmp_path / "model", parts["eva"], parts["lavis"])


@pytest.mark.parametrize(
    ("part", "name"), [("language", "tokenizer.json"), ("language", "model.safetensors"), ("reader", "tokenizer.json")]
)
def test_link_out_of_a_folder_is_not_followed(parts: dict[str, Path], tmp_path: Path, part: str, name: str) -> None:
    folder = Path(shutil.copytree(parts[part], tmp_path / part))
    (folder / name).rename(tmp_path / "secret")
    (folder / name).symlink_to(tmp_path / "secret")
    with pytest.raises(ModelError, match=f"{name} is a link out of its folder"):
        converted({**parts, part: folder}, tmp_path / "model", parts["eva"], parts["lavis"])
    assert not (tmp_path / "model").exists()
    assert not (tmp_path / ".model.part").exists()


def test_only_tokenizer_files_are_copied(parts: dict[str, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(parts["language"], tmp_path / "language"))
    (folder / "tokenizer_own.py").write_text("raise RuntimeError")
    converted({**parts, "language": folder}, tmp_path / "model", parts["eva"], parts["lavis"])
    assert not (tmp_path / "model" / "language" / "tokenizer_own.py").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"a":' * 100_000, r"config\.json cannot be read \(it is nested too deeply"),
        ("[]", r"config\.json cannot be read"),
        ('{"model_type": "own"}', "the model type 'own'"),
        ('{"model_type": "llama", "num_hidden_layers": 1000000000}', "num_hidden_layers"),
        ('{"model_type": "llama", "quantization_config": {"quant_method": "x"}}', "quantization_config"),
    ],
)
def test_invalid_language_model_config_is_rejected(
    parts: dict[str, Path], tmp_path: Path, content: str, sentence: str
) -> None:
    folder = Path(shutil.copytree(parts["language"], tmp_path / "language"))
    (folder / "config.json").write_text(content)
    with pytest.raises(ModelError, match=sentence):
        converted({**parts, "language": folder}, tmp_path / "model", parts["eva"], parts["lavis"])
    assert not (tmp_path / "model").exists()


def test_file_without_a_language_model_config_is_rejected(parts: dict[str, Path], tmp_path: Path) -> None:
    whole = {**vit(), **trained(), "language_model.model.norm.weight": torch.ones(4)}
    torch.save(whole, tmp_path / "whole.pth")
    with pytest.raises(ModelError, match=r"whole\.pth is not a language model folder"):
        convert(
            ConversionSources([tmp_path / "whole.pth"], None, parts["reader"]), tmp_path / "model", tiny("rsgpt-7b")
        )
