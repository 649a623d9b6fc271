"""Translation of weight names: from LAVIS, MiniGPT-4 and transformers to this project, and back to LAVIS.

Sources: LAVIS's eva_vit.py and Qformer.py, and the conversion scripts of transformers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

_VIT = "encoder.model."
_BLOCK = _VIT + "encoder.layers."
_TEXT = "bridge.qformer.model."
_LAYER = _TEXT + r"encoder.layer.\1."

# complete name in a file -> name in this project; \1.. are the groups
_RULES = (
    # LAVIS, and EVA's file, which has no prefix
    (r"(?:visual_encoder\.)?cls_token", _VIT + "embeddings.class_embedding"),
    (r"(?:visual_encoder\.)?pos_embed", _VIT + "embeddings.position_embedding"),
    (r"(?:visual_encoder\.)?patch_embed\.proj\.(\w+)", _VIT + r"embeddings.patch_embedding.\1"),
    (r"(?:visual_encoder\.)?blocks\.(\d+)\.norm([12])\.(\w+)", _BLOCK + r"\1.layer_norm\2.\3"),
    (r"(?:visual_encoder\.)?blocks\.(\d+)\.attn\.(qkv\.weight|q_bias|v_bias)", _BLOCK + r"\1.self_attn.\2"),
    (r"(?:visual_encoder\.)?blocks\.(\d+)\.attn\.proj\.(\w+)", _BLOCK + r"\1.self_attn.projection.\2"),
    (r"(?:visual_encoder\.)?blocks\.(\d+)\.mlp\.(fc[12]\.\w+)", _BLOCK + r"\1.mlp.\2"),
    (r"ln_vision\.(\w+)", r"bridge.ln_vision.\1"),
    (r"query_tokens", "bridge.qformer.query_tokens"),
    (r"Qformer\.bert\.embeddings\.LayerNorm\.(\w+)", _TEXT + r"embeddings.layernorm.\1"),
    (r"Qformer\.bert\.embeddings\.(\w+_embeddings\.weight)", _TEXT + r"embeddings.\1"),
    (r"Qformer\.bert\.encoder\.layer\.(\d+)\.(\w*attention)\.self\.(.+)", _LAYER + r"\2.attention.\3"),
    (r"Qformer\.bert\.encoder\.layer\.(\d+)\.(.+)", _LAYER + r"\2"),
    (r"(?:llm|llama|opt|t5)_proj\.(\w+)", r"bridge.projection.\1"),
    # transformers
    (r"vision_model\.post_layernorm\.(\w+)", r"bridge.ln_vision.\1"),
    (r"vision_model\.(.+)", _VIT + r"\1"),
    (r"qformer\.(.+)", _TEXT + r"\1"),
    (r"language_projection\.(\w+)", r"bridge.projection.\1"),
    (r"language_model\.(.+)", r"language.\1"),
)
# known but unused tensors: buffers, heads of other tasks, and the norms after the 40th block
_UNUSED = re.compile(
    r".*position_ids|.*rotary_emb\.inv_freq|.*relative_position_index|(?:visual_encoder\.)?(?:norm|fc_norm|head)\..*"
    r"|Qformer\.cls\..*|(?:vision_proj|text_proj|itm_head)\..*|temp"
)
# names in the bridge -> names in LAVIS, as RSGPT's runner writes them
_OFFICIAL = (
    (r"ln_vision\.(\w+)", r"ln_vision.\1"),
    (r"qformer\.query_tokens", "query_tokens"),
    (r"qformer\.model\.embeddings\.layernorm\.(\w+)", r"Qformer.bert.embeddings.LayerNorm.\1"),
    (r"qformer\.model\.embeddings\.(\w+_embeddings\.weight)", r"Qformer.bert.embeddings.\1"),
    (r"qformer\.model\.encoder\.layer\.(\d+)\.(\w*attention)\.attention\.(.+)",
     r"Qformer.bert.encoder.layer.\1.\2.self.\3"),
    (r"qformer\.model\.encoder\.layer\.(\d+)\.(.+)", r"Qformer.bert.encoder.layer.\1.\2"),
    (r"projection\.(\w+)", r"llm_proj.\1"),
)  # fmt: skip


def renamed(name: str) -> str:
    """Return this project's name of a weight: "" if the weight is known but unused, "?" if it is unknown."""
    if _UNUSED.fullmatch(name):
        return ""
    return _translated(name, _RULES) or "?"


def lavis_name(name: str) -> str:
    """Return LAVIS's name of a weight of the bridge, or "" if LAVIS has no such weight."""
    return _translated(name, _OFFICIAL)


def _translated(name: str, rules: Sequence[tuple[str, str]]) -> str:
    """Return a name translated by the first rule that matches it completely, or "" if none does."""
    matches = ((re.fullmatch(pattern, name), target) for pattern, target in rules)
    return next((match.expand(target) for match, target in matches if match), "")


def fused(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors with EVA's biases of query and value joined to one bias of query, key and value.

    The bias of the key is zero.
    """
    merged = dict(tensors)
    for name in [name for name in tensors if name.endswith(".self_attn.q_bias")]:
        stem = name.removesuffix("q_bias")
        query, value = merged.pop(name), merged.pop(f"{stem}v_bias", None)
        if value is None:
            merged[name] = query  # an incomplete pair, which is reported as an unknown and a missing weight
        else:
            merged[f"{stem}qkv.bias"] = torch.cat([query, torch.zeros_like(query), value])
    return merged
