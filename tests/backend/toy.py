"""A tiny untrained model as a folder on disk, with matching pictures, data sets and recipes."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from rsgpt_backend.model.config import (
    CONFIG_FILE,
    FinderConfig,
    LanguageConfig,
    ModelConfig,
    QFormerConfig,
    VisionConfig,
)
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.model.vision.encoders import to_bytes
from rsgpt_backend.model.weights import save_model
from rsgpt_backend.predictor import Ask

NAME = "toy"
IMAGE_SIZE, CELLS, VISION_WIDTH = 64, 4, 320
QUERIES, WIDTH, BOS, EOS = 4, 32, 0, 1
torch.set_num_threads(1)  # several threads are slower for tiny models
TEXTS = ("Is there any water? yes no", " yes no Yes No", "Describe this image.", "many green trees and a road", "gray")


def make_language(folder: Path, texts: Sequence[str] = TEXTS, tokens: int = 400) -> None:
    """Save a random Llama of two layers and a byte-level tokenizer trained on texts, as a transformers folder."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=tokens,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=1,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    fast.save_pretrained(folder)
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=len(fast),
        hidden_size=WIDTH,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.5,
        bos_token_id=BOS,
        eos_token_id=EOS,
    )
    LlamaForCausalLM(config).save_pretrained(folder)


def write_gguf(path: Path) -> None:
    """Write a random Llama of one layer with a tokenizer that has one word, `road`, as a GGUF."""
    words = ["<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet()), "ro", "ad", "road"]
    writer = gguf.GGUFWriter(str(path), "llama")
    value: Any
    for add, value in (
        (writer.add_block_count, 1),
        (writer.add_context_length, 64),
        (writer.add_embedding_length, WIDTH),
        (writer.add_feed_forward_length, WIDTH),
        (writer.add_head_count, 4),
        (writer.add_head_count_kv, 2),
        (writer.add_layer_norm_rms_eps, 1e-5),
        (writer.add_vocab_size, len(words)),
        (writer.add_rope_dimension_count, 8),
        (writer.add_tokenizer_model, "gpt2"),
        (writer.add_token_list, words),
        (writer.add_token_types, [3, 3, *[1] * (len(words) - 2)]),
        (writer.add_token_merges, ["r o", "a d", "ro ad"]),
        (writer.add_bos_token_id, BOS),
        (writer.add_eos_token_id, EOS),
    ):
        add(value)
    shapes = {"token_embd": (len(words), WIDTH), "output_norm": (WIDTH,)}
    shapes |= {f"blk.0.{name}_norm": (WIDTH,) for name in ("attn", "ffn")}
    shapes |= {f"blk.0.{name}": (WIDTH, WIDTH) for name in ("attn_q", "attn_output", "ffn_gate", "ffn_up", "ffn_down")}
    shapes |= {f"blk.0.{name}": (WIDTH // 2, WIDTH) for name in ("attn_k", "attn_v")}
    numbers = np.random.default_rng(1)
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", numbers.normal(size=shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make_config(language: Path, kind: str = "efficientnet-lite0", width: int = VISION_WIDTH) -> ModelConfig:
    """Return the config of a toy model. kind, width: of its vision encoder."""
    return ModelConfig(
        name=NAME,
        vision=VisionConfig(kind, IMAGE_SIZE, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), width, CELLS, cell_positions=True),
        qformer=QFormerConfig(
            layers=2, width=WIDTH, heads=4, intermediate=64, queries=QUERIES, cross_attention_frequency=1, max_text=24
        ),
        language=LanguageConfig(str(language), WIDTH, BOS, EOS),
        caption_prompt="Describe this image.",
        licence="none",
    )


def make_model(config: ModelConfig, seed: int = 3) -> Rsgpt:
    """Return a random model in evaluation mode; its answers depend on picture and prompt."""
    torch.manual_seed(seed)
    model = Rsgpt.build(config)
    torch.nn.init.normal_(model.bridge.projection.weight, std=0.5)
    torch.nn.init.normal_(model.bridge.qformer.get_parameter("query_tokens"), std=0.5)
    set_batch_statistics(model)
    return model.eval().requires_grad_(False)


def set_batch_statistics(model: Rsgpt) -> None:
    """Without batch statistics, a random encoder returns the same for all pictures."""
    norms = [module for module in model.encoder.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.train().momentum = 1.0
    model.encode(to_bytes([picture(seed) for seed in range(8)], IMAGE_SIZE))
    for norm in norms:
        norm.eval()


def make_folder(folder: Path) -> Path:
    """Write a model folder with its language model; return the folder."""
    make_language(folder / "language")
    save_model(make_model(make_config(folder / "language")), folder)
    return folder


def make_finder_folder(folder: Path, **settings: Any) -> Path:
    """Write a model folder with a random finder of two labels; return the folder."""
    make_language(folder / "language")
    values = {"labels": ("airplane", "car"), "boxed": ("airplane",), "regions": ("water",), "thresholds": (0.3, 0.3)}
    finder = FinderConfig(**{**values, "width": 8, "max_side": 128, "min_side": 64, **settings})
    save_model(make_model(replace(make_config(folder / "language"), finder=finder)), folder)
    return folder


def picture(seed: int, size: tuple[int, int] = (96, 80)) -> Image.Image:
    """Return an RGB picture of colored blocks, different for each seed."""
    colors = random.Random(seed)
    small = Image.new("RGB", (4, 4))
    small.putdata([tuple(colors.randrange(256) for _ in range(3)) for _ in range(16)])
    return small.resize(size, Image.Resampling.NEAREST)


def write_data_set(folder: Path, pictures: int = 12) -> None:
    """Write `images/`, `captions.json` and `questions.json`: pictures of two scenes with captions and questions."""
    (folder / "images").mkdir(parents=True)
    captions, questions = [], []
    for number in range(pictures):
        name, scene = f"{number}.png", ("river", "forest")[number % 2]
        picture(number).save(folder / "images" / name)
        sentences = [f"There is a {scene}", f"A {scene} with two bridges", f"On the left a {scene} with two bridges"]
        captions.append({"filename": name, "scene": scene, "captions": sentences})
        answer = {"river": "yes", "forest": "no"}[scene]
        questions.append({"filename": name, "question": "Is there any water?", "answer": answer, "type": "presence"})
    for file, records in (("captions.json", captions), ("questions.json", questions)):
        (folder / file).write_text(json.dumps({"annotations": records}), encoding="utf-8")


def write_recipe(path: Path, model: Path, steps: int) -> Path:
    """Write a TOML recipe for the toy's model and data set; return its path."""
    config = json.loads((model / CONFIG_FILE).read_text("utf-8"))
    tables = "".join(
        f"[model.{part}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in config[part].items())
        for part in ("vision", "qformer", "language")
    )
    path.write_text(
        f"""steps = {steps}
batch = 4
warmup = 2
precision = "fp32"
checkpoint_every = 2
validation_prompts = 8

[adaptation]
steps = 2
batch = 4
size = 32

[naming]
steps = 2
batch = 4

[model]
name = "{config["name"]}"
caption_prompt = "{config["caption_prompt"]}"

{tables}
[[train]]
images = "images"
captions = "captions.json"
questions = "questions.json"
views = 8

[[validate]]
images = "images"
captions = "captions.json"
""",
        encoding="utf-8",
    )
    return path


def ask(number: int = 0, prompt: str = "Is there any water?", **settings: Any) -> Ask:
    """Return an ask about one of the toy's pictures."""
    settings.setdefault("max_new_tokens", 12)
    return Ask(picture(number), f"key{number}", prompt, **settings)
