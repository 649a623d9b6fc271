"""The language model's scores for the tokens of answers, given query vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.distributed.fsdp import fully_shard

from ..model.rsgpt import Rsgpt
from .prompt_packing import PackedBatch


def answer_logits(model: Rsgpt, queries: Tensor, packed: PackedBatch, read: Callable[..., Any] | None = None) -> Tensor:
    """Return the scores of each learned token, [tokens, vocabulary]; other positions are not computed.

    read: the compiled language model without its head, if there is one.
    """
    words = model.language.get_input_embeddings()(packed.ids)
    bias = torch.zeros(packed.attend.shape, dtype=words.dtype, device=words.device)
    bias.masked_fill_(~packed.attend, torch.finfo(words.dtype).min)
    hidden = (model.language.model if read is None else read)(
        inputs_embeds=torch.cat([queries.to(words.dtype), words], dim=1),
        attention_mask=bias,
        position_ids=packed.positions,
        use_cache=False,
    ).last_hidden_state
    logits: Tensor = model.language.lm_head(hidden.flatten(0, 1)[packed.source])
    return logits


def shard(language: Any) -> None:
    """Distribute the layers of a frozen language model over the processes; a layer is gathered only while it runs.

    Embeddings and head, a twentieth of the model, stay on each process, because they are used outside the layers.
    """
    for layer in language.get_decoder().layers:
        fully_shard(layer)
