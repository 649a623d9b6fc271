"""The bridge's first lesson: name what is asked, without the language model. It knows no order of words.

Each query vector is held against the word vectors of the frozen language model; the words of the answer must be
among the nearest. As in BLIP-2's first stage, the Q-Former learns to read pictures before a language model listens,
at a tenth of the cost of a step.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

_SHARPNESS = 16.0  # cosines span -1..1; this makes of them scores that a softmax can tell apart
_LEAST = 2  # a word that fewer answers hold is not learnt


class NamedWords:
    """The words that are to be named, their vectors, and what each is worth: rare ones more."""

    def __init__(self, answers: Iterable[Iterable[int]], table: Tensor) -> None:
        """answers: token ids of every answer; table: all word vectors, [vocabulary, width]."""
        bags = [set(ids) for ids in answers]
        counts = Counter(token for bag in bags for token in bag)
        self._worth = {token: math.log((len(bags) + 1) / count) for token, count in counts.items() if count >= _LEAST}
        self._place = {token: place for place, token in enumerate(sorted(self._worth))}
        self._vectors = F.normalize(table[sorted(self._worth)].float(), dim=1)

    def __len__(self) -> int:
        return len(self._place)

    def loss(self, queries: Tensor, answers: Sequence[Sequence[int]]) -> Tensor:
        """queries: [batch, queries, width]; answers: token ids. Cross-entropy of the words named, each by any query."""
        near = F.normalize(queries.float(), dim=2) @ self._vectors.T
        scores = (near * _SHARPNESS).logsumexp(1)
        return F.cross_entropy(scores, self.targets(answers).to(scores.device))

    def targets(self, answers: Sequence[Sequence[int]]) -> Tensor:
        """Share of each word in each answer, [answers, words]; rows sum to 1, or to 0 where no word is known."""
        shares = torch.zeros(len(answers), len(self))
        for row, ids in enumerate(answers):
            for token in {*ids} & self._worth.keys():
                shares[row, self._place[token]] = self._worth[token]
        return shares / shares.sum(1, keepdim=True).clamp(min=1e-6)
