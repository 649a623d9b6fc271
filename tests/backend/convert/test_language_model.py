"""A language model is written in shards with its config, tokenizer and hash, and can be loaded again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from rsgpt_backend.convert import language_model
from rsgpt_backend.convert.language_model import check_language, write_language
from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.config import LanguageConfig
from rsgpt_backend.model.hashes import file_sha256, joint_sha256
from rsgpt_backend.model.language.pretrained import load_pretrained, load_tokenizer
from tests.backend.toy import BOS, EOS, WIDTH

CONFIG = LanguageConfig("language", WIDTH, BOS, EOS)


@pytest.fixture
def source(toy_folder: Path) -> Path:
    """The folder of the language model of the toy."""
    return toy_folder / "language"


@pytest.fixture
def weights(source: Path) -> dict[str, Tensor]:
    """Its weights."""
    return load_file(source / "model.safetensors")


def config_of(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
    return config


def shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.safetensors"))


def test_a_written_model_is_loaded_again(source: Path, weights: dict[str, Tensor], tmp_path: Path) -> None:
    digest = write_language(weights, config_of(source), source, tmp_path / "new" / "out")
    out = tmp_path / "new" / "out"
    check_language(out, CONFIG)
    loaded = load_pretrained(out, encoder_decoder=False).state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in weights.items())
    assert load_tokenizer(out).eos_token_id == EOS
    assert config_of(out) == config_of(source)
    assert [path.name for path in shards(out)] == ["model-00001.safetensors"]
    assert digest == joint_sha256(shards(out))


def test_shards_stay_below_the_limit_and_are_listed(
    source: Path, weights: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 20_000
    monkeypatch.setattr(language_model, "SHARD_BYTES", limit)
    digest = write_language(weights, config_of(source), source, tmp_path / "out")
    index = json.loads((tmp_path / "out" / "model.safetensors.index.json").read_text("utf-8"))
    assert index["weight_map"].keys() == weights.keys()
    assert {path.name for path in shards(tmp_path / "out")} == set(index["weight_map"].values())
    assert len(shards(tmp_path / "out")) > 3
    for path in shards(tmp_path / "out"):
        with safe_open(path, "pt") as file:
            sizes = [weights[name].nbytes for name in file.keys()]  # noqa: SIM118 - a file is no dict
        assert sum(sizes) <= limit or len(sizes) == 1
    hashes = "".join(file_sha256(path) for path in shards(tmp_path / "out"))
    assert digest == hashlib.sha256(hashes.encode()).hexdigest()


class WatchedWeights(Mapping[str, Tensor]):
    """Weights that note how many of them have been read before the first shard is written."""

    def __init__(self, weights: dict[str, Tensor], out: Path) -> None:
        self._weights, self._out = weights, out
        self.read_before_writing = 0

    def __getitem__(self, name: str) -> Tensor:
        self.read_before_writing += not shards(self._out)
        return self._weights[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._weights)

    def __len__(self) -> int:
        return len(self._weights)


def test_one_shard_at_a_time_is_read(
    source: Path, weights: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language_model, "SHARD_BYTES", 1)
    watched = WatchedWeights(weights, tmp_path / "out")
    write_language(watched, config_of(source), source, tmp_path / "out")
    assert len(shards(tmp_path / "out")) == len(weights)
    assert watched.read_before_writing == 2  # the second one begins another shard


def test_weights_may_share_memory_or_be_views(source: Path, weights: dict[str, Tensor], tmp_path: Path) -> None:
    shared = weights["model.embed_tokens.weight"]
    changed = {**weights, "lm_head.weight": shared, "model.layers.0.mlp.up_proj.weight": torch.rand(WIDTH, 64).T}
    write_language(changed, config_of(source), source, tmp_path / "out")
    written = load_file(shards(tmp_path / "out")[0])
    assert torch.equal(written["lm_head.weight"], shared)
    assert torch.equal(written["model.layers.0.mlp.up_proj.weight"], changed["model.layers.0.mlp.up_proj.weight"])


def test_buffers_that_transformers_creates_again_are_left_out(
    source: Path, weights: dict[str, Tensor], tmp_path: Path
) -> None:
    buffer = {"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(4)}
    write_language({**buffer, **weights}, config_of(source), source, tmp_path / "out")
    assert load_file(shards(tmp_path / "out")[0]).keys() == weights.keys()


def test_a_folder_without_a_tokenizer_is_refused(source: Path, weights: dict[str, Tensor], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="empty contains no tokenizer. Use the complete folder of the language model"):
        write_language(weights, config_of(source), tmp_path / "empty", tmp_path / "out")
    assert shards(tmp_path / "out") == []


def test_a_weight_that_is_not_finite_is_refused(source: Path, weights: dict[str, Tensor], tmp_path: Path) -> None:
    weights["model.norm.weight"][3] = float("nan")
    with pytest.raises(ModelError, match=r"language: model\.norm\.weight contains NaN or infinite numbers"):
        write_language(weights, config_of(source), source, tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("model.norm.weight", None, r"lacks model\.norm\.weight"),
        ("model.norm.weight", torch.ones(3), r"has model\.norm\.weight with a shape that does not fit its config"),
        ("model.more", torch.ones(3), r"has the unexpected weight model\.more"),
    ],
)
def test_a_written_model_that_does_not_fit_its_config_is_refused(
    source: Path, weights: dict[str, Tensor], tmp_path: Path, name: str, value: Tensor | None, sentence: str
) -> None:
    changed = {key: tensor for key, tensor in weights.items() if key != name}
    write_language(changed if value is None else {**changed, name: value}, config_of(source), source, tmp_path / "out")
    with pytest.raises(ModelError, match=sentence):
        check_language(tmp_path / "out", CONFIG)
