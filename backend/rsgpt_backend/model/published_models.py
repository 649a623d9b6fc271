"""Configs of the published full-size models: RSGPT, InstructBLIP, BLIP-2 and MiniGPT-4.

They share EVA's ViT-g and differ in bridge, language model and prompt template. `rsgpt convert` converts their weights.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .config import LanguageConfig, ModelConfig, QFormerConfig, VisionConfig

LANGUAGE_FOLDER, READER_FOLDER = "language", "reader"  # subfolders of a model folder

_EVA = VisionConfig(
    kind="eva-vit",
    image_size=224,
    mean=(0.48145466, 0.4578275, 0.40821073),
    std=(0.26862954, 0.26130258, 0.27577711),
    width=1408,
    cells=257,
    patch=14,
    layers=39,
    heads=16,
    intermediate=6144,
)
_INSTRUCTED = QFormerConfig(
    layers=12,
    width=768,
    heads=12,
    intermediate=3072,
    queries=32,
    cross_attention_frequency=2,
    tokenizer=READER_FOLDER,
    vocabulary=30523,
    max_text=128,
    positions=512,
)
_PLAIN = replace(_INSTRUCTED, tokenizer="language", vocabulary=0, positions=0, instruction=False)
_JOINED = replace(_PLAIN, layers=0, width=4 * _EVA.width, queries=64)

# LAVIS uses </s>, id 2, as the first token of a prompt
_VICUNA_7B = LanguageConfig(LANGUAGE_FOLDER, 4096, bos_id=2, eos_id=2, lead="")
_VICUNA_13B = replace(_VICUNA_7B, width=5120)
_T5_XL = LanguageConfig(
    LANGUAGE_FOLDER, 2048, bos_id=0, eos_id=1, template="{image}{prompt}{eos}", encoder_decoder=True
)
_OPT = LanguageConfig(LANGUAGE_FOLDER, 2560, bos_id=2, eos_id=50118)  # a line break ends an answer
_MINIGPT4 = "{bos}###Human: <Img>{image}</Img> {prompt} ###Assistant: "
_VICUNA_V0_7B = replace(_VICUNA_7B, bos_id=1, template=_MINIGPT4, stops=("###",))
_VICUNA_V0_13B = replace(_VICUNA_V0_7B, width=5120)
_LLAMA2 = replace(_VICUNA_7B, bos_id=1, template="{bos}[INST] <Img>{image}</Img> {prompt} [/INST] ")

_LAVIS: dict[str, Any] = {"beams": 5, "patient": True}  # beam search of LAVIS and RSGPT
_RESEARCH = "InstructBLIP's weights are for research only; LLaMA's and Vicuna's terms apply"


def _member(name: str, qformer: QFormerConfig, language: LanguageConfig, prompt: str, licence: str) -> ModelConfig:
    return ModelConfig(name, _EVA, qformer, language, prompt, licence=licence)


def _rsgpt(name: str, language: LanguageConfig) -> ModelConfig:
    prompt = "Please provide a detailed description of the picture."
    base = _member(name, replace(_INSTRUCTED, max_text=160), language, prompt, f"{_RESEARCH}; RSICap is academic")
    return replace(base, detail_prompt=prompt, **_LAVIS, repetition_penalty=1.5)


def _instructblip(name: str, language: LanguageConfig) -> ModelConfig:
    base = _member(name, _INSTRUCTED, language, "Write a short description for the image.", _RESEARCH)
    return replace(base, detail_prompt="Describe this image in detail.", **_LAVIS, repetition_penalty=1.5)


def _blip2(name: str, language: LanguageConfig) -> ModelConfig:
    return replace(_member(name, _PLAIN, language, "a photo of", "BLIP-2: MIT; its language model's apply"), **_LAVIS)


def _minigpt4(name: str, language: LanguageConfig, qformer: QFormerConfig = _PLAIN) -> ModelConfig:
    licence = "MiniGPT-4: BSD-3; LLaMA's and Vicuna's terms apply"
    return _member(name, qformer, language, "Describe this image in detail.", licence)


FAMILY: dict[str, ModelConfig] = {
    member.name: member
    for member in (
        _rsgpt("rsgpt-7b", _VICUNA_7B),
        _rsgpt("rsgpt-13b", _VICUNA_13B),
        _instructblip("instructblip-vicuna-7b", _VICUNA_7B),
        _instructblip("instructblip-vicuna-13b", _VICUNA_13B),
        _instructblip("instructblip-flan-t5-xl", _T5_XL),
        _blip2("blip2-opt-2.7b", _OPT),
        _blip2("blip2-flan-t5-xl", _T5_XL),
        _minigpt4("minigpt4-7b", _VICUNA_V0_7B),
        _minigpt4("minigpt4-13b", _VICUNA_V0_13B),
        _minigpt4("minigpt4-llama2-7b", _LLAMA2, _JOINED),
    )
}
