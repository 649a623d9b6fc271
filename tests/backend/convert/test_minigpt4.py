"""MiniGPT-4's scores, from a picture to the vocabulary, are those of its definition worked out here step by step.

Nothing of the model is used for that but the files it was made of and LLaMA, which is given.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer

from rsgpt_backend.convert.conversion import ConversionSources, convert
from rsgpt_backend.model.config import ModelConfig
from rsgpt_backend.model.decoding.decoder_state import start
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.model.vision.encoders import to_bytes
from rsgpt_backend.model.weights import load_model
from tests.backend.family import BLOCKS, LANGUAGE, LAYERS, PATCH, VISION, make_llama, tiny, trained, vit
from tests.backend.toy import picture

SIDE, HEADS, JOINED = 56, 4, 4  # 16 patches, so that it matters which of them are neighbours
BOS, HUMAN, ASSISTANT = 1, "###Human: ", " ###Assistant: "
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
Weights = dict[str, Tensor]


def sized(name: str) -> ModelConfig:
    """The tiny member, for pictures of 16 patches."""
    config = tiny(name)
    queries = JOINED if config.qformer.layers == 0 else config.qformer.queries
    vision = replace(config.vision, image_size=SIDE, cells=1 + (SIDE // PATCH) ** 2)
    return replace(config, vision=vision, qformer=replace(config.qformer, queries=queries))


def eva() -> Weights:
    """EVA's file for those pictures; its numbers are ones that 16 bits hold, in which an encoder is kept."""
    weights = vit(prefix="")
    weights["pos_embed"] = torch.randn(1, 17, VISION, generator=torch.Generator().manual_seed(2))
    return {name: value.half().float() for name, value in weights.items()}


def projection(columns: int) -> Weights:
    """What a file of MiniGPT-4 holds: it trains nothing else."""
    numbers = torch.Generator().manual_seed(4)
    shapes = {"llama_proj.weight": (LANGUAGE, columns), "llama_proj.bias": (LANGUAGE,)}
    return {name: torch.randn(shape, generator=numbers) * 0.3 for name, shape in shapes.items()}


def made(name: str, files: list[Weights], folder: Path) -> Rsgpt:
    """Convert the files, the last one MiniGPT-4's, and load the model."""
    paths = [folder / f"{number}.pth" for number, _ in enumerate(files)]
    for path, weights in zip(paths, files, strict=True):
        torch.save({"model": weights}, path)
    convert(ConversionSources(paths, make_llama(folder / "vicuna")), folder / "model", sized(name))
    return load_model(folder / "model")


def linear(values: Tensor, weights: Weights, name: str) -> Tensor:
    return values @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def norm(values: Tensor, weights: Weights, name: str, eps: float) -> Tensor:
    return F.layer_norm(values, values.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"], eps)


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention of several heads over all of [batch, length, width]."""
    query, key, value = (one.unflatten(-1, (HEADS, -1)).transpose(1, 2) for one in (query, key, value))
    shares = (query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5).softmax(-1)
    return (shares @ value).transpose(1, 2).flatten(2)


def seen(pixels: Tensor, weights: Weights) -> Tensor:
    """EVA's ViT up to its last block but one, without the norm behind it."""
    scaled = (pixels / 255 - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    patches = F.unfold(scaled, PATCH, stride=PATCH).transpose(1, 2)
    kernel = weights["patch_embed.proj.weight"].flatten(1)
    values = patches @ kernel.T + weights["patch_embed.proj.bias"]
    values = torch.cat([weights["cls_token"].expand(len(pixels), -1, -1), values], dim=1) + weights["pos_embed"]
    for stem in (f"blocks.{block}" for block in range(BLOCKS)):
        mixed = norm(values, weights, f"{stem}.norm1", 1e-6) @ weights[f"{stem}.attn.qkv.weight"].T
        query, key, value = mixed.chunk(3, dim=-1)
        told = attend(query + weights[f"{stem}.attn.q_bias"], key, value + weights[f"{stem}.attn.v_bias"])
        values = values + linear(told, weights, f"{stem}.attn.proj")
        inner = F.gelu(linear(norm(values, weights, f"{stem}.norm2", 1e-6), weights, f"{stem}.mlp.fc1"))
        values = values + linear(inner, weights, f"{stem}.mlp.fc2")
    return values


def attention(values: Tensor, read: Tensor, weights: Weights, stem: str) -> Tensor:
    """A layer of BERT's attention, its sum and its norm."""
    query = linear(values, weights, f"{stem}.self.query")
    told = attend(query, *(linear(read, weights, f"{stem}.self.{one}") for one in ("key", "value")))
    return norm(linear(told, weights, f"{stem}.output.dense") + values, weights, f"{stem}.output.LayerNorm", 1e-12)


def asked(features: Tensor, weights: Weights) -> Tensor:
    """BLIP-2's Q-Former: queries alone, which look at the image in every second layer."""
    bert = "Qformer.bert."
    queries = weights["query_tokens"].expand(len(features), -1, -1)
    values = norm(queries, weights, f"{bert}embeddings.LayerNorm", 1e-12)
    for layer in range(LAYERS):
        stem = f"{bert}encoder.layer.{layer}"
        values = attention(values, values, weights, f"{stem}.attention")
        if layer % 2 == 0:
            values = attention(values, features, weights, f"{stem}.crossattention")
        inner = F.gelu(linear(values, weights, f"{stem}.intermediate_query.dense"))
        out = linear(inner, weights, f"{stem}.output_query.dense")
        values = norm(out + values, weights, f"{stem}.output_query.LayerNorm", 1e-12)
    return values


def scores(image: Tensor, before: str, after: str, language: Path) -> Tensor:
    """LLaMA's scores of the first token, after BOS, the words before the image, the image, and the words behind it."""
    tokenizer, llama = (kind.from_pretrained(language) for kind in (AutoTokenizer, AutoModelForCausalLM))
    words = llama.get_input_embeddings()
    read = [words(torch.tensor([tokenizer(text, add_special_tokens=False).input_ids])) for text in (before, after)]
    embeds = torch.cat([words(torch.tensor([[BOS]])), read[0], image, read[1]], dim=1)
    logits: Tensor = llama(inputs_embeds=embeds).logits[:, -1]
    return logits


@torch.no_grad()
def agree(model: Rsgpt, wanted: list[Tensor], prompts: list[str]) -> None:
    """Both pictures in one batch, whose prompts have not the same length."""
    pixels = to_bytes([picture(number) for number in range(len(prompts))], SIDE)
    prefix = model.prefix(model.encode(pixels), model.instruct(prompts))
    got = start(model.language, prefix).first()
    scale = torch.cat(wanted).abs().max()
    torch.testing.assert_close(got / scale, torch.cat(wanted) / scale, atol=1e-5, rtol=0)
    assert (got[0] - got[1]).abs().max() > 0.1


PROMPTS = ["Is there any water?", "gray"]


@pytest.fixture
def pixels() -> list[Tensor]:
    """Two pictures, as the definition reads them."""
    return [to_bytes([picture(number)], SIDE).float() for number in range(2)]


@torch.no_grad()
def test_with_a_q_former_and_vicuna(pixels: list[Tensor], tmp_path: Path) -> None:
    encoder, own = eva(), projection(16)
    blip2 = trained("t5_proj", text=False)
    model = made("minigpt4-7b", [encoder, blip2, own], tmp_path)
    wanted = []
    for one, prompt in zip(pixels, PROMPTS, strict=True):
        features = norm(seen(one, encoder), blip2, "ln_vision", 1e-5)
        image = linear(asked(features, blip2), own, "llama_proj")
        wanted.append(scores(image, f"{HUMAN}<Img>", f"</Img> {prompt}{ASSISTANT}", tmp_path / "vicuna"))
    agree(model, wanted, PROMPTS)


@torch.no_grad()
def test_without_one_and_with_llama_2(pixels: list[Tensor], tmp_path: Path) -> None:
    encoder, own = eva(), projection(JOINED * VISION)
    model = made("minigpt4-llama2-7b", [encoder, own], tmp_path)  # no file has its norm, which nobody trained
    wanted = []
    for one, prompt in zip(pixels, PROMPTS, strict=True):
        patches = F.layer_norm(seen(one, encoder), (VISION,), eps=1e-5)[0, 1:]
        rows = [torch.cat(list(patches[first : first + JOINED])) for first in range(0, len(patches), JOINED)]
        image = linear(torch.stack(rows)[None], own, "llama_proj")
        wanted.append(scores(image, "[INST] <Img>", f"</Img> {prompt} [/INST] ", tmp_path / "vicuna"))
    agree(model, wanted, PROMPTS)
