"""Attention whose query heads share keys and values, which are read where they lie and copied for none. No model.

transformers' own copies them for each query head wherever several tokens a row are read with a mask.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "rsgpt_sharing"


def sharing(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """query [rows, heads, tokens, width]; key, value [rows, fewer heads, cells, width]; attention_mask [rows, 1,
    tokens, cells], true or 0 where a token may look -> [rows, tokens, heads, width]."""
    shared, (rows, heads, tokens, width) = key.shape[1], query.shape
    if attention_mask is None or shared == heads:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    folded = query.reshape(rows, shared, -1, width)  # the query heads of a key, one behind the other
    mask = attention_mask.repeat(1, 1, heads // shared, 1)
    found = F.scaled_dot_product_attention(folded, key, value, mask, scale=options.get("scaling"))
    return found.reshape(rows, heads, tokens, width).transpose(1, 2).contiguous(), None


def shares(language: Any) -> bool:
    """Whether several of its query heads share a key."""
    config = language.config
    return getattr(config, "num_key_value_heads", None) not in (None, getattr(config, "num_attention_heads", None))


def share(language: Any) -> None:
    """Let a language model attend so from now on. It cannot be trained then: nothing is dropped."""
    AttentionInterface.register(NAME, sharing)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    language.set_attn_implementation(NAME)
