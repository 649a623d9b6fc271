"""Grouped-query attention that does not copy the keys and values that several query heads share.

The implementation of transformers copies them for each query head when it reads several tokens per row with a mask.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "rsgpt_sharing"


def grouped_attention(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """query [rows, heads, tokens, width]; key, value [rows, key heads, cells, width] -> [rows, tokens, heads, width].

    attention_mask: [rows, 1, tokens, cells], true or 0 for the cells that a token may read.
    """
    key_heads, (rows, heads, tokens, width) = key.shape[1], query.shape
    if attention_mask is None or key_heads == heads:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    grouped = query.reshape(rows, key_heads, -1, width)  # the query heads of a key head, one after the other
    mask = attention_mask.repeat(1, 1, heads // key_heads, 1)
    output = F.scaled_dot_product_attention(grouped, key, value, mask, scale=options.get("scaling"))
    return output.reshape(rows, heads, tokens, width).transpose(1, 2).contiguous(), None


def has_grouped_heads(language: Any) -> bool:
    """Return whether several query heads of a language model share a key head."""
    config = language.config
    return getattr(config, "num_key_value_heads", None) not in (None, getattr(config, "num_attention_heads", None))


def use_grouped_attention(language: Any) -> None:
    """Switch a language model to grouped_attention, which has no dropout and cannot be used for training."""
    AttentionInterface.register(NAME, grouped_attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    language.set_attn_implementation(NAME)
