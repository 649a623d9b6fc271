"""The config of an InstructBLIP or BLIP-2 folder in the layout of transformers, for any size."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..model.config import LanguageConfig, ModelConfig, QFormerConfig, VisionConfig
from ..model.folder_files import read_json
from ..model.published_models import FAMILY

# model type, language model type -> the member with the same tokens and prompts
_MEMBERS = {
    ("instructblip", "llama"): "instructblip-vicuna-7b",
    ("instructblip", "t5"): "instructblip-flan-t5-xl",
    ("blip-2", "opt"): "blip2-opt-2.7b",
    ("blip-2", "t5"): "blip2-flan-t5-xl",
}


def hub_config(folder: Path) -> ModelConfig:
    """Return a config with the sizes of config.json. Raises ModelError if the type is not supported."""
    try:
        data = read_json(folder, "config.json")
        kind, language = data["model_type"], data["text_config"]["model_type"]
        member = FAMILY[_MEMBERS[kind, language]]
        return replace(
            member,
            name=_name(member.name, data["text_config"]),
            vision=_vision(member.vision, data["vision_config"]),
            qformer=_qformer(member.qformer, data["qformer_config"], data["num_query_tokens"]),
            language=_language(member.language, data["text_config"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError) as error:
        raise ModelError(
            f"{folder} is not a supported InstructBLIP or BLIP-2 folder ({error!r}). Choose another folder."
        ) from error


def _name(name: str, text: dict[str, Any]) -> str:
    return name.replace("-7b", "-13b") if text.get("hidden_size") == 5120 else name


def _vision(base: VisionConfig, data: dict[str, Any]) -> VisionConfig:
    side, patch = data.get("image_size", base.image_size), data.get("patch_size", base.patch)
    return replace(
        base,
        image_size=side,
        patch=patch,
        cells=1 + (side // patch) ** 2,
        width=data.get("hidden_size", base.width),
        layers=data.get("num_hidden_layers", base.layers),
        heads=data.get("num_attention_heads", base.heads),
        intermediate=data.get("intermediate_size", base.intermediate),
    )


def _qformer(base: QFormerConfig, data: dict[str, Any], queries: int) -> QFormerConfig:
    return replace(
        base,
        queries=queries,
        width=data.get("hidden_size", base.width),
        layers=data.get("num_hidden_layers", base.layers),
        heads=data.get("num_attention_heads", base.heads),
        intermediate=data.get("intermediate_size", base.intermediate),
        cross_attention_frequency=data.get("cross_attention_frequency", base.cross_attention_frequency),
        vocabulary=data.get("vocab_size", base.vocabulary) if base.instruction else 0,
    )


def _language(base: LanguageConfig, data: dict[str, Any]) -> LanguageConfig:
    return replace(base, width=data.get("hidden_size", data.get("d_model", base.width)))
