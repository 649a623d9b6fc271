"""The logits of a converted MiniGPT-4 equal those of its definition, computed here step by step.

The reference uses only the source files and LLaMA, no code of the model.
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

SIDE, HEADS, JOINED = 56, 4, 4  # 16 patches, so that their order matters
BOS, HUMAN, ASSISTANT = 1, "###Human: ", " ###Assistant: "
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
Weights = dict[str, Tensor]


def sized(name: str) -> ModelConfig:
    """Return the tiny member for pictures of 16 patches."""
    config = tiny(name)
    queries = JOINED if config.qformer.layers == 0 else config.qformer.queries
    vision = replace(config.vision, image_size=SIDE, cells=1 + (SIDE // PATCH) ** 2)
    return replace(config, vision=vision, qformer=replace(config.qformer, queries=queries))


def eva() -> Weights:
    """Return EVA's weights for those pictures, rounded to 16 bits, in which encoders are stored."""
    weights = vit(prefix="")
    weights["pos_embed"] = torch.randn(1, 17, VISION, generator=torch.Generator().manual_seed(2))
    return {name: value.half().float() for name, value in weights.items()}


def projection(columns: int) -> Weights:
    """Return the weights that MiniGPT-4 trains and stores."""
    numbers = torch.Generator().manual_seed(4)
    shapes = {"llama_proj.weight": (LANGUAGE, columns), "llama_proj.bias": (LANGUAGE,)}
    return {name: torch.randn(shape, generator=numbers) * 0.3 for name, shape in shapes.items()}


def converted(name: str, files: list[Weights], folder: Path) -> Rsgpt:
    """Convert the files, MiniGPT-4's last, and load the model."""
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
    query, key, value = (part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in (query, key, value))
    shares = (query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5).softmax(-1)
    return (shares @ value).transpose(1, 2).flatten(2)


def vit_features(pixels: Tensor, weights: Weights) -> Tensor:
    """Return the output of EVA's ViT without its last block and the norm after it."""
    scaled = (pixels / 255 - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    patches = F.unfold(scaled, PATCH, stride=PATCH).transpose(1, 2)
    kernel = weights["patch_embed.proj.weight"].flatten(1)
    values = patches @ kernel.T + weights["patch_embed.proj.bias"]
    values = torch.cat([weights["cls_token"].expand(len(pixels), -1, -1), values], dim=1) + weights["pos_embed"]
    for stem in (f"blocks.{block}" for block in range(BLOCKS)):
        mixed = norm(values, weights, f"{stem}.norm1", 1e-6) @ weights[f"{stem}.attn.qkv.weight"].T
        query, key, value = mixed.chunk(3, dim=-1)
        attended = attend(query + weights[f"{stem}.attn.q_bias"], key, value + weights[f"{stem}.attn.v_bias"])
        values = values + linear(attended, weights, f"{stem}.attn.proj")
        inner = F.gelu(linear(norm(values, weights, f"{stem}.norm2", 1e-6), weights, f"{stem}.mlp.fc1"))
        values = values + linear(inner, weights, f"{stem}.mlp.fc2")
    return values


def attention(values: Tensor, read: Tensor, weights: Weights, stem: str) -> Tensor:
    query = linear(values, weights, f"{stem}.self.query")
    attended = attend(query, *(linear(read, weights, f"{stem}.self.{part}") for part in ("key", "value")))
    return norm(linear(attended, weights, f"{stem}.output.dense") + values, weights, f"{stem}.output.LayerNorm", 1e-12)


def query_vectors(features: Tensor, weights: Weights) -> Tensor:
    """Return the output of BLIP-2's Q-Former: queries that attend to the image in every second layer."""
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


def first_logits(image: Tensor, before: str, after: str, language: Path) -> Tensor:
    tokenizer, llama = (kind.from_pretrained(language) for kind in (AutoTokenizer, AutoModelForCausalLM))
    words = llama.get_input_embeddings()
    read = [words(torch.tensor([tokenizer(text, add_special_tokens=False).input_ids])) for text in (before, after)]
    embeds = torch.cat([words(torch.tensor([[BOS]])), read[0], image, read[1]], dim=1)
    logits: Tensor = llama(inputs_embeds=embeds).logits[:, -1]
    return logits


@torch.no_grad()
def check_logits(model: Rsgpt, wanted: list[Tensor], prompts: list[str]) -> None:
    pixels = to_bytes([picture(number) for number in range(len(prompts))], SIDE)
    prefix = model.prefix(model.encode(pixels), model.instruct(prompts))
    logits = start(model.language, prefix).first()
    scale = torch.cat(wanted).abs().max()
    torch.testing.assert_close(logits / scale, torch.cat(wanted) / scale, atol=1e-5, rtol=0)
    assert (logits[0] - logits[1]).abs().max() > 0.1


PROMPTS = ["Is there any water?", "gray"]


@pytest.fixture
def pixels() -> list[Tensor]:
    return [to_bytes([picture(number)], SIDE).float() for number in range(2)]


@torch.no_grad()
def test_logits_with_a_q_former_and_vicuna(pixels: list[Tensor], tmp_path: Path) -> None:
    encoder, trained_weights = eva(), projection(16)
    blip2 = trained("t5_proj", text=False)
    model = converted("minigpt4-7b", [encoder, blip2, trained_weights], tmp_path)
    wanted = []
    for image_pixels, prompt in zip(pixels, PROMPTS, strict=True):
        features = norm(vit_features(image_pixels, encoder), blip2, "ln_vision", 1e-5)
        image = linear(query_vectors(features, blip2), trained_weights, "llama_proj")
        wanted.append(first_logits(image, f"{HUMAN}<Img>", f"</Img> {prompt}{ASSISTANT}", tmp_path / "vicuna"))
    check_logits(model, wanted, PROMPTS)


@torch.no_grad()
def test_logits_without_a_q_former_and_with_llama_2(pixels: list[Tensor], tmp_path: Path) -> None:
    encoder, trained_weights = eva(), projection(JOINED * VISION)
    model = converted(
        "minigpt4-llama2-7b", [encoder, trained_weights], tmp_path
    )  # without the norm, which is not trained
    wanted = []
    for image_pixels, prompt in zip(pixels, PROMPTS, strict=True):
        patches = F.layer_norm(vit_features(image_pixels, encoder), (VISION,), eps=1e-5)[0, 1:]
        rows = [torch.cat(list(patches[first : first + JOINED])) for first in range(0, len(patches), JOINED)]
        image = linear(torch.stack(rows)[None], trained_weights, "llama_proj")
        wanted.append(first_logits(image, "[INST] <Img>", f"</Img> {prompt} [/INST] ", tmp_path / "vicuna"))
    check_logits(model, wanted, PROMPTS)
