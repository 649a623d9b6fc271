"""A language model in the middle of a batch of answers: it takes a token a row and gives the next scores.

Two kinds: decoders, which read the prefix before the answer, and encoder-decoders, which attend to it.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import DynamicCache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput

from ..rsgpt import Prefix


class DecoderState(Protocol):
    """What is computed so far for the rows of a batch."""

    def first(self) -> Tensor:
        """Scores of the first token, [rows, vocabulary]."""

    def next(self, ids: Tensor) -> Tensor:
        """Take one token a row, [rows, 1]; scores of the one after it."""

    def read(self, ids: Tensor) -> Tensor:
        """Take tokens, [rows, tokens]; scores of what follows each of them, [rows, tokens, vocabulary]."""

    def branch(self, ids: Tensor, parents: Tensor) -> Tensor:
        """Take several tokens a row, each as a branch of its own, [rows, branches], behind one of the branches before,
        [rows, branches]; scores of what follows each of them, [rows, branches, vocabulary]."""

    def keep(self, index: Tensor) -> None:
        """Go on with these rows alone, each as often as it is named."""


def start(language: Any, prefix: Prefix) -> DecoderState:
    """The state before the first token."""
    return _Encoded(language, prefix) if language.config.is_encoder_decoder else _Causal(language, prefix)


class _Causal:
    """A row's branches stand one behind the other in its cache: each attends to those that it has grown from alone.

    So the prefix is there once a row, and nothing is moved when other branches go on.
    """

    def __init__(self, language: Any, prefix: Prefix) -> None:
        self._language = language
        self._embeds: Tensor | None = prefix.embeds
        self._mask, self._dtype = prefix.mask, prefix.embeds.dtype
        self._cache = DynamicCache(config=language.config)
        self._positions = (prefix.mask.cumsum(1) - 1).clamp(min=0)
        self._grown = prefix.mask.new_zeros(len(prefix.mask), 1, 0, dtype=torch.bool)  # of each branch, from which

    def first(self) -> Tensor:
        embeds, self._embeds = self._embeds, None
        return self._forward(1, inputs_embeds=embeds)[:, -1]

    def next(self, ids: Tensor) -> Tensor:
        return self.read(ids)[:, -1]

    def read(self, ids: Tensor) -> Tensor:
        self._mask = torch.cat([self._mask, torch.ones_like(ids)], dim=1)
        self._positions = self._positions[:, -1:] + torch.ones_like(ids).cumsum(1)
        return self._forward(ids.shape[1], input_ids=ids)

    def branch(self, ids: Tensor, parents: Tensor) -> Tensor:
        rows, branches = ids.shape
        parents = parents.to(ids.device)[:, :, None].expand(-1, -1, self._grown.shape[2])
        themselves = torch.eye(branches, dtype=torch.bool, device=ids.device).expand(rows, -1, -1)
        self._grown = torch.cat([self._grown.gather(1, parents), themselves], dim=2)
        self._positions = self._positions[:, -1:].expand(-1, branches) + 1
        seen = torch.cat([self._mask.bool()[:, None].expand(-1, branches, -1), self._grown], dim=2)
        unseen = torch.zeros(seen.shape, dtype=self._dtype, device=ids.device)
        unseen.masked_fill_(~seen, torch.finfo(self._dtype).min)  # added to what attention weighs
        return self._forward(branches, unseen[:, None], input_ids=ids)

    def keep(self, index: Tensor) -> None:
        self._cache.batch_select_indices(index)
        self._mask, self._positions, self._grown = self._mask[index], self._positions[index], self._grown[index]

    def _forward(self, told: int, mask: Tensor | None = None, **inputs: Any) -> Tensor:
        """Only the last positions, so many as are told of, reach the vocabulary. mask: if not that of all rows."""
        output = self._language(
            **inputs,
            attention_mask=self._mask if mask is None else mask,
            position_ids=self._positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=told,
        )
        scores: Tensor = output.logits
        return scores


class _Encoded:
    """Its places are counted from one token to the next, so each branch has a cache of its own."""

    def __init__(self, language: Any, prefix: Prefix) -> None:
        self._language, self._mask = language, prefix.mask
        encoder = language.get_encoder()
        self._seen = encoder(inputs_embeds=prefix.embeds, attention_mask=prefix.mask).last_hidden_state
        self._cache = EncoderDecoderCache(DynamicCache(config=language.config), DynamicCache(config=language.config))
        self._branches = 1

    def first(self) -> Tensor:
        begin = self._language.generation_config.decoder_start_token_id
        return self.next(self._mask.new_full((len(self._mask), 1), begin))

    def next(self, ids: Tensor) -> Tensor:
        return self.read(ids)[:, -1]

    def read(self, ids: Tensor) -> Tensor:
        output = self._language(
            encoder_outputs=BaseModelOutput(last_hidden_state=self._seen),
            attention_mask=self._mask,
            decoder_input_ids=ids,
            past_key_values=self._cache,
            use_cache=True,
        )
        scores: Tensor = output.logits
        return scores

    def branch(self, ids: Tensor, parents: Tensor) -> Tensor:
        self._keep(_flat(torch.arange(len(ids)), self._branches, parents))
        self._branches = ids.shape[1]
        return self.next(ids.reshape(-1, 1)).unflatten(0, ids.shape)

    def keep(self, index: Tensor) -> None:
        self._keep(_flat(index, self._branches, torch.arange(self._branches)))

    def _keep(self, index: Tensor) -> None:
        self._cache.batch_select_indices(index)
        self._seen, self._mask = self._seen[index], self._mask[index]


def _flat(rows: Tensor, width: int, places: Tensor) -> Tensor:
    """Places within rows of a width, [rows, any] or the same in each -> where they are in all rows together."""
    return (rows[:, None] * width + places).flatten()
