"""Hostile cases for the language model: config, weights and tokenizer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.backend.hostile.folders import (
    DEEP,
    LANGUAGE,
    MODEL,
    WEIGHTS,
    HostileCase,
    changed,
    edit,
    flipped,
    halved,
    link_out,
    pickled,
    pipe,
    written,
)

_WORDS = "model.embed_tokens.weight"


def cases() -> list[HostileCase]:
    return [*_configs(), *_languages(), *_tokenizers()]


def _configs() -> Iterator[HostileCase]:
    """Cases of the language model's config."""

    def config(name: str, says: str, /, **changes: Any) -> HostileCase:
        return HostileCase(
            name, lambda folder: edit(folder / LANGUAGE / "config.json", changes), rf"config\.json.*{says}"
        )

    def unbuilt(name: str, says: str, /, **changes: Any) -> HostileCase:
        case = config(name, "", **changes)
        return HostileCase(name, case.spoil, rf"language has no readable language model \(.*{says}")

    file = f"{LANGUAGE}/config.json"
    kernel = "kernels-community/flash-attn"
    yield written("a deep config", file, DEEP, r"config\.json cannot be read \(it is nested too deeply")
    yield written(
        "a config that is a list", file, "[1]", r"config\.json cannot be read \(it does not contain an object"
    )
    yield written("a config that is cut off", file, '{"model_type": "lla', r"config\.json cannot be read")
    yield HostileCase("a config that is a pipe", pipe(file), r"config\.json is missing or not a regular file")
    yield HostileCase("a config that is a link out", link_out(file), r"config\.json is a link out")
    yield HostileCase("no config", lambda folder: (folder / file).unlink(), r"config\.json is missing")
    yield config("an unknown kind with code", "the model type 'own'", model_type="own", auto_map={"AutoConfig": "own"})
    yield config("a kind that is a number", "the model type 7", model_type=7)
    yield config("a kind that is a list", "the model type", model_type=["llama"])
    yield config("a T5 by its config alone", "the model type 't5', which contradicts model.json", model_type="t5")
    yield config("a million layers", "num_hidden_layers", num_hidden_layers=10**6)
    yield config("10^9 layers", "num_hidden_layers", num_hidden_layers=10**9)
    yield config("layers in words", "num_hidden_layers", num_hidden_layers="2")
    yield config("0 heads", "num_attention_heads", num_attention_heads=0)
    yield config("0 heads of keys", "num_key_value_heads", num_key_value_heads=0)
    yield config("a vocabulary of 10^12", "vocab_size", vocab_size=10**12)
    yield config("a width of 10^12", "hidden_size", hidden_size=10**12)
    yield config("a middle of 10^12", "intermediate_size", intermediate_size=10**12)
    yield config("a head of 0", "head_dim", head_dim=0)
    yield config("positions in words", "max_position_embeddings", max_position_embeddings="many")
    yield unbuilt("an unknown function", "unknown name 'os.system'", hidden_act="os.system")
    yield unbuilt("rope of words", "'str' and 'int'", rope_parameters={"rope_type": "yarn", "factor": "x"})
    yield config("a quantization", "quantization_config", quantization_config={"quant_method": "bitsandbytes"})
    yield config("an unknown quantization", "quantization_config", quantization_config="../x")
    yield config("a foreign kernel", f"{kernel}.*Remove _attn_implementation", _attn_implementation=kernel)
    yield config("a kernel by another key", f"{kernel}.*Remove attn_implementation", attn_implementation=kernel)
    yield written(
        "an adapter",
        f"{LANGUAGE}/adapter_config.json",
        json.dumps({"base_model_name_or_path": "/etc", "peft_type": "LORA"}),
        "language contains an adapter",
    )
    yield written(
        "a deep generation config", f"{LANGUAGE}/generation_config.json", DEEP, r"generation_config\.json cannot be"
    )


def _languages() -> Iterator[HostileCase]:
    """Cases of the language model's weights."""
    weights, index = f"{LANGUAGE}/{WEIGHTS}", f"{LANGUAGE}/{WEIGHTS}.index.json"
    lost, no_weights = "model.norm.weight", r"language/model\.safetensors has no readable weights"

    def tensors(name: str, change: Callable[[dict[str, Tensor]], Any], says: str) -> HostileCase:
        return HostileCase(name, changed(weights, change), says)

    def indexed(name: str, where: Any, says: str) -> HostileCase:
        def spoil(folder: Path) -> None:
            names = load_file(folder / weights)
            (folder / weights).rename(folder / LANGUAGE / "part.safetensors")
            (folder / index).write_text(json.dumps({"weight_map": dict.fromkeys(names, where) if names else {}}))

        return HostileCase(name, spoil, says)

    yield tensors(
        "NaN in the language model", lambda weights: weights[_WORDS].__setitem__((9, 9), float("nan")), _WORDS
    )
    yield tensors(
        "infinity in the language model", lambda weights: weights[_WORDS].__setitem__((9, 9), float("inf")), _WORDS
    )
    yield tensors("the language model lacks a weight", lambda weights: weights.pop(lost), f"lacks {lost}")
    yield tensors(
        "the language model has one weight too many",
        lambda weights: weights.update({"model.x": torch.ones(2)}),
        r"has the unexpected weight model\.x",
    )
    yield tensors(
        "a weight of the language model has another shape",
        lambda weights: weights.update({lost: torch.ones(3)}),
        f"{lost} with a shape",
    )
    yield tensors(
        "the language model has a smaller vocabulary",
        lambda weights: weights.update({_WORDS: weights[_WORDS][:9].clone()}),
        _WORDS,
    )
    yield HostileCase("half the language model", halved(weights, hashed=False), no_weights)
    yield HostileCase("half the language model, hashed", halved(weights, hashed=True), no_weights)
    yield HostileCase("a flipped bit in the language model", flipped(weights), "language are damaged or belong")
    yield HostileCase(
        "the language model is a pipe", pipe(weights), r"model\.safetensors is missing or not a regular file"
    )
    yield HostileCase("the language model is a link out", link_out(weights), r"model\.safetensors is a link out")
    yield HostileCase(
        "no weights of the language model", lambda folder: (folder / weights).unlink(), "has no readable language model"
    )
    yield HostileCase("the language model is a pickle", pickled, "has no readable language model")
    yield indexed(
        "an index that leads out", "../../outside/language/model.safetensors", "which is not a path inside it"
    )
    yield indexed("an index with an absolute path", "/etc/passwd", "which is not a path inside it")
    yield indexed("an index to what is not there", "gone.safetensors", r"gone\.safetensors is missing")
    yield indexed("an index of numbers", 7, "does not list the files of the weights")


def _tokenizers() -> Iterator[HostileCase]:
    """Cases of the tokenizer's files."""
    whole, config = f"{LANGUAGE}/tokenizer.json", f"{LANGUAGE}/tokenizer_config.json"

    def configured(name: str, says: str, /, **changes: Any) -> HostileCase:
        return HostileCase(name, lambda folder: edit(folder / config, changes), says)

    def beyond(folder: Path) -> None:
        data = json.loads((folder / whole).read_text("utf-8"))
        data["added_tokens"].append({**data["added_tokens"][0], "id": 10**6, "content": "<far>"})
        data["model"]["vocab"]["<far>"] = 10**6
        (folder / whole).write_text(json.dumps(data), encoding="utf-8")

    no_tokenizer = "language has no readable tokenizer"
    yield written("a deep tokenizer", whole, DEEP, no_tokenizer)
    yield written("a tokenizer of rubbish", whole, '{"version": "9"}', no_tokenizer)
    yield written("an empty tokenizer", whole, b"", no_tokenizer)
    yield HostileCase("no tokenizer", lambda folder: (folder / whole).unlink(), "")
    yield HostileCase("a tokenizer that is a pipe", pipe(whole), r"tokenizer\.json is missing or not a regular file")
    yield HostileCase("a tokenizer that is a link out", link_out(whole), r"tokenizer\.json is a link out")
    yield HostileCase("a token of 10^6", beyond, "has the token 1000000")
    yield written("a deep tokenizer config", config, DEEP, r"tokenizer_config\.json cannot be read")
    yield HostileCase(
        "a tokenizer config that is a link out", link_out(config), r"tokenizer_config\.json is a link out"
    )
    yield configured("a custom tokenizer class", "names the tokenizer 'Own'", tokenizer_class="Own")
    yield configured("a tokenizer that is a number", "names the tokenizer 7", tokenizer_class=7)
    yield configured("a tokenizer that is a pipeline", "names the tokenizer 'pipeline'", tokenizer_class="pipeline")
    yield configured("added tokens of rubbish", no_tokenizer, added_tokens_decoder={"x": 1})
    yield HostileCase(
        "eos_id beyond the vocabulary",
        lambda folder: edit(folder / MODEL, {"language.eos_id": 100_000}),
        r"model\.json: eos_id is 100000, but the language model has \d+ tokens",
    )
    yield HostileCase(
        "bos_id beyond the vocabulary",
        lambda folder: edit(folder / MODEL, {"language.bos_id": 100_000}),
        r"model\.json: bos_id is 100000",
    )
    yield HostileCase(
        "a language model of another width",
        lambda folder: edit(folder / MODEL, {"language.width": 64}),
        r"model\.json: the language model is 32 wide, not 64",
    )
