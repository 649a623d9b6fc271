"""Tiny random versions of the full-size models, in the file layouts of their authors."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from transformers import (
    BertTokenizerFast,
    Blip2Config,
    Blip2ForConditionalGeneration,
    InstructBlipConfig,
    InstructBlipForConditionalGeneration,
    LlamaConfig,
    OPTConfig,
    PreTrainedModel,
    T5Config,
)

from rsgpt_backend.convert.conversion import ConversionSources, convert
from rsgpt_backend.model.config import ModelConfig
from rsgpt_backend.model.published_models import FAMILY
from tests.backend.toy import make_language, picture

SIDE, PATCH, VISION, BLOCKS, VISION_MLP = 28, 14, 24, 2, 40
WIDTH, LAYERS, MLP, QUERIES, LANGUAGE = 16, 4, 20, 4, 32
PROMPTS = (
    "Describe this image in detail.",
    "Take a look at this image and describe what you notice.",
    "Please provide a detailed description of the picture.",
    "Could you describe the contents of this image for me?",
)
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "describe", "this", "image", ".", "a", "road", "?")


def tiny(name: str) -> ModelConfig:
    """Return the config of a member with the sizes above."""
    member = FAMILY[name]
    joined = member.qformer.layers == 0
    return replace(
        member,
        vision=replace(
            member.vision,
            image_size=SIDE,
            cells=5,
            width=VISION,
            layers=BLOCKS,
            heads=4,
            intermediate=VISION_MLP,
        ),
        qformer=replace(
            member.qformer,
            layers=0 if joined else LAYERS,
            width=4 * VISION if joined else WIDTH,
            heads=4,
            intermediate=MLP,
            queries=1 if joined else QUERIES,
            vocabulary=len(WORDS) if member.qformer.instruction else 0,
            positions=64 if member.qformer.instruction else 0,
        ),
        language=replace(member.language, width=LANGUAGE),
    )


def vit(prefix: str = "visual_encoder.", blocks: int = BLOCKS + 1) -> dict[str, Tensor]:
    """Return EVA's ViT with LAVIS's names, including an unused block, a norm and a head."""
    shapes: dict[str, tuple[int, ...]] = {
        "cls_token": (1, 1, VISION),
        "pos_embed": (1, 5, VISION),
        "patch_embed.proj.weight": (VISION, 3, PATCH, PATCH),
        "patch_embed.proj.bias": (VISION,),
        "norm.weight": (VISION,),
        "head.weight": (7, VISION),
    }
    for block in range(blocks):
        stem = f"blocks.{block}."
        shapes |= {f"{stem}norm{n}.{part}": (VISION,) for n in (1, 2) for part in ("weight", "bias")}
        shapes |= {
            f"{stem}attn.qkv.weight": (3 * VISION, VISION),
            f"{stem}attn.q_bias": (VISION,),
            f"{stem}attn.v_bias": (VISION,),
            f"{stem}attn.proj.weight": (VISION, VISION),
            f"{stem}attn.proj.bias": (VISION,),
            f"{stem}mlp.fc1.weight": (VISION_MLP, VISION),
            f"{stem}mlp.fc1.bias": (VISION_MLP,),
            f"{stem}mlp.fc2.weight": (VISION, VISION_MLP),
            f"{stem}mlp.fc2.bias": (VISION,),
        }
    return _random({prefix + name: shape for name, shape in shapes.items()})


def trained(projection: str = "llm_proj", text: bool = True) -> dict[str, Tensor]:
    """Return the weights that LAVIS's InstructBLIP and RSGPT's runner write, including buffers."""
    bert = "Qformer.bert."
    shapes: dict[str, tuple[int, ...]] = {
        "query_tokens": (1, QUERIES, WIDTH),
        "ln_vision.weight": (VISION,),
        "ln_vision.bias": (VISION,),
        f"{bert}embeddings.LayerNorm.weight": (WIDTH,),
        f"{bert}embeddings.LayerNorm.bias": (WIDTH,),
        f"{projection}.weight": (LANGUAGE, WIDTH),
        f"{projection}.bias": (LANGUAGE,),
    }
    if text:
        shapes |= {
            f"{bert}embeddings.word_embeddings.weight": (len(WORDS), WIDTH),
            f"{bert}embeddings.position_embeddings.weight": (64, WIDTH),
        }
    for layer in range(LAYERS):
        stem = f"{bert}encoder.layer.{layer}."
        shapes |= _attention(f"{stem}attention.", WIDTH)
        if layer % 2 == 0:
            shapes |= _attention(f"{stem}crossattention.", VISION)
        for suffix in ("_query", "") if text else ("_query",):
            shapes |= _linear(f"{stem}intermediate{suffix}.dense", MLP, WIDTH)
            shapes |= _linear(f"{stem}output{suffix}.dense", WIDTH, MLP)
            shapes |= {f"{stem}output{suffix}.LayerNorm.{part}": (WIDTH,) for part in ("weight", "bias")}
    tensors = _random(shapes)
    if text:
        tensors[f"{bert}embeddings.position_ids"] = torch.arange(64)[None]
        tensors["llm_model.model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(4)
    return tensors


HUB_KINDS = ("instructblip-llama", "instructblip-t5", "blip-2-opt", "blip-2-t5")


def make_hub(kind: str, folder: Path) -> PreTrainedModel:
    """Save a random model of transformers and return it, with LAVIS's epsilon."""
    torch.manual_seed(5)
    language = make_llama(folder)  # for its tokenizer; the model is overwritten
    (language / "model.safetensors").unlink()
    text = _text_config(kind.rsplit("-", 1)[1])
    vision = {
        "hidden_size": VISION,
        "intermediate_size": VISION_MLP,
        "num_hidden_layers": BLOCKS,
        "num_attention_heads": 4,
        "image_size": SIDE,
        "patch_size": PATCH,
    }
    qformer = {
        "hidden_size": WIDTH,
        "intermediate_size": MLP,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 4,
        "encoder_hidden_size": VISION,
        "vocab_size": len(WORDS),
    }
    parts = {"vision_config": vision, "qformer_config": qformer, "text_config": text.to_dict()}
    ids = {"num_query_tokens": QUERIES, "image_token_index": 390}
    model: PreTrainedModel
    if kind.startswith("instructblip"):
        make_reader(folder / "qformer_tokenizer")
        model = InstructBlipForConditionalGeneration(InstructBlipConfig(**parts, **ids))
    else:
        model = Blip2ForConditionalGeneration(Blip2Config(**parts, **ids))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
        parameter.data = parameter.half().float()  # encoders are stored in 16 bits
    model.vision_model.post_layernorm.eps = 1e-5
    model.eval().save_pretrained(folder)
    return model


def _text_config(kind: str) -> LlamaConfig | OPTConfig | T5Config:
    if kind == "t5":
        return T5Config(vocab_size=400, d_model=LANGUAGE, d_kv=8, d_ff=40, num_layers=2, num_heads=4)
    if kind == "opt":
        return OPTConfig(
            vocab_size=50272,  # as published: the token that ends an answer is among the last
            hidden_size=LANGUAGE,
            word_embed_proj_dim=LANGUAGE,
            ffn_dim=40,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=128,
        )
    return LlamaConfig(
        vocab_size=400, hidden_size=LANGUAGE, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4
    )


def make_reader(folder: Path) -> Path:
    """Save BERT's tokenizer with a dozen words; return the folder."""
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def make_llama(folder: Path) -> Path:
    """Save a random Llama as a transformers folder; return the folder."""
    folder.mkdir(parents=True)
    make_language(folder)
    return folder


def write_rsicap(folder: Path, pictures: int) -> None:
    """Write pictures and texts in RSICap's layout with its four prompts; texts end with the picture's number."""
    (folder / "images").mkdir(parents=True)
    texts = ("many green trees and a road", "Is there any water? yes no", "gray", "a road", "many green trees")
    records = []
    for number in range(pictures):
        picture(number).save(folder / "images" / f"P{number:04d}_0001.png")
        record = {"text_input": PROMPTS[number % 4], "text_output": f"{texts[number % 5]} {number}"}
        records.append({"image_id": str(number), "filename": f"P{number:04d}_0001.png", **record})
    (folder / "captions.json").write_text(json.dumps({"annotations": records}), encoding="utf-8")


def make_instructblip(folder: Path, dropout: float = 0.1) -> Path:
    """Make a converted InstructBLIP, the start of RSGPT's training; return its folder. dropout: of its Q-Former."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(vit(prefix=""), folder / "eva.pth")
    torch.save({"model": trained()}, folder / "blip.pth")
    parts = make_llama(folder / "vicuna"), make_reader(folder / "bert")
    member = tiny("instructblip-vicuna-7b")
    member = replace(member, qformer=replace(member.qformer, dropout=dropout))
    convert(ConversionSources([folder / "eva.pth", folder / "blip.pth"], *parts), folder / "model", member)
    return folder / "model"


def _attention(stem: str, key_width: int) -> dict[str, tuple[int, ...]]:
    return {
        **_linear(f"{stem}self.query", WIDTH, WIDTH),
        **_linear(f"{stem}self.key", WIDTH, key_width),
        **_linear(f"{stem}self.value", WIDTH, key_width),
        **_linear(f"{stem}output.dense", WIDTH, WIDTH),
        **{f"{stem}output.LayerNorm.{part}": (WIDTH,) for part in ("weight", "bias")},
    }


def _linear(name: str, rows: int, columns: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}


def _random(shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(11)
    return {name: torch.randn(shape, generator=generator) * 0.3 for name, shape in shapes.items()}
