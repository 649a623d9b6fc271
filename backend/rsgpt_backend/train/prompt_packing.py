"""Prompts with their answers, packed as language-model input so that all answers of a prompt share its prefix.

Five captions of one picture then cost one prefix instead of five.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class PromptGroup:
    """One prompt and its answers as token ids; the prompt starts with BOS, answers end with EOS."""

    instruction: tuple[int, ...]
    answers: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.instruction) + sum(len(answer) for answer in self.answers)


@dataclass(frozen=True)
class PackedBatch:
    """Tensors of a packed batch; length counts the tokens after the query vectors, all = queries + length.

    ids: [batch, length]; positions: [batch, all]; attend: bool [batch, 1, all, all]; source, target: for each learned
    token, the flat position (row x all + column) whose output predicts it, and its id.
    """

    ids: Tensor
    positions: Tensor
    attend: Tensor
    source: Tensor
    target: Tensor

    def to(self, device: torch.device) -> PackedBatch:
        """Return the same batch on another device."""
        return PackedBatch(*(tensor.to(device) for tensor in vars(self).values()))


def pack(groups: Sequence[PromptGroup], queries: int) -> PackedBatch:
    """Pack each group as [queries][instruction][answer][answer]...; answers do not attend to each other."""
    length = max(len(group) for group in groups)
    ids = torch.zeros((len(groups), length), dtype=torch.long)
    positions = torch.zeros((len(groups), length), dtype=torch.long)
    segments = torch.full((len(groups), queries + length), -1)  # -1 padding, 0 prefix, 1.. answers
    source: list[int] = []
    target: list[int] = []
    for row, group in enumerate(groups):
        prefix = len(group.instruction)
        ids[row, :prefix] = torch.tensor(group.instruction)
        segments[row, : queries + prefix] = 0
        positions[row, :prefix] = torch.arange(queries, queries + prefix)
        start, flat = prefix, row * (queries + length) + queries
        for number, answer in enumerate(group.answers, start=1):
            end = start + len(answer)
            ids[row, start:end] = torch.tensor(answer)
            segments[row, queries + start : queries + end] = number
            positions[row, start:end] = torch.arange(queries + prefix, queries + prefix + len(answer))
            source += [flat + prefix - 1, *range(flat + start, flat + end - 1)]
            target += answer
            start = end
    every = torch.arange(queries).expand(len(groups), -1)
    return PackedBatch(
        ids, torch.cat([every, positions], 1), _attend(segments), torch.tensor(source), torch.tensor(target)
    )


def _attend(segments: Tensor) -> Tensor:
    """Return a causal mask that allows the prefix and the same answer; padding sees itself, so no row is empty."""
    size = segments.shape[1]
    causal = torch.ones(size, size, dtype=torch.bool).tril()
    seen, by = segments[:, None, :], segments[:, :, None]
    allowed = causal & ((seen == 0) | (seen == by))
    return (allowed | torch.eye(size, dtype=torch.bool))[:, None]
