"""The naming stage: the bridge learns to name the words of an answer, in any order, without the language model.

Query vectors are compared with the word vectors of the frozen language model; the words of the answer must be among
the nearest. As in BLIP-2's first stage, the Q-Former learns to read pictures before it is connected to the language
model; a step costs a tenth as much.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

_SHARPNESS = 16.0  # scales cosines (-1..1) to scores that a softmax can separate
_MIN_ANSWERS = 2  # a word in fewer answers is not learned


class NamedWords:
    """The words to be named, with their vectors and weights; rare words weigh more."""

    def __init__(self, answers: Iterable[Iterable[int]], table: Tensor) -> None:
        """answers: token ids of all answers; table: all word vectors, [vocabulary, width]."""
        bags = [set(ids) for ids in answers]
        counts = Counter(token for bag in bags for token in bag)
        self._weights = {
            token: math.log((len(bags) + 1) / count) for token, count in counts.items() if count >= _MIN_ANSWERS
        }
        self._columns = {token: column for column, token in enumerate(sorted(self._weights))}
        self._vectors = F.normalize(table[sorted(self._weights)].float(), dim=1)

    def __len__(self) -> int:
        return len(self._columns)

    def loss(self, queries: Tensor, answers: Sequence[Sequence[int]]) -> Tensor:
        """Cross-entropy of the words, each named by any query. queries: [batch, queries, width]; answers: token ids."""
        cosines = F.normalize(queries.float(), dim=2) @ self._vectors.T
        scores = (cosines * _SHARPNESS).logsumexp(1)
        return F.cross_entropy(scores, self.targets(answers).to(scores.device))

    def targets(self, answers: Sequence[Sequence[int]]) -> Tensor:
        """Weight of each word in each answer, [answers, words]; rows sum to 1, or to 0 if no word is known."""
        shares = torch.zeros(len(answers), len(self))
        for row, ids in enumerate(answers):
            for token in {*ids} & self._weights.keys():
                shares[row, self._columns[token]] = self._weights[token]
        return shares / shares.sum(1, keepdim=True).clamp(min=1e-6)
