"""Labels of pictures as tensors, and the losses of scores for them; what is unknown costs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from .samples import Sample

_IMPOSSIBLE = -1e4  # logit of a class that is not among the possible ones


def thing_labels(samples: Sequence[Sample], things: Sequence[str]) -> Tensor:
    """Return [samples, things]: 1 if a thing is present, 0 if it is absent, NaN if that is unknown."""
    return _table([sample.presence for sample in samples], things)


def kind_labels(samples: Sequence[Sample], kinds: Sequence[str]) -> Tensor:
    """Return [samples, kinds]: 1 if a kind of area describes a picture, 0 if it cannot be true, NaN if it may be."""
    return _table([sample.kinds for sample in samples], kinds)


def label_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Return the binary cross-entropy of the known targets, summed per picture, and the mean over the pictures.

    scores: logits [batch, labels]; targets: 0..1 or NaN, of the same shape.
    """
    known = ~targets.isnan()
    losses = F.binary_cross_entropy_with_logits(scores, targets.nan_to_num(), reduction="none")
    return (losses * known).sum() / len(scores)


def kind_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Return the mean negative log probability that the kind is one of the true ones and not one of the false ones.

    scores: logits [batch, kinds]; targets: of kind_labels. Pictures without a true kind do not count.
    """
    known = (targets == 1).any(1)
    possible = scores.masked_fill(targets.isnan(), _IMPOSSIBLE).logsumexp(1)
    true = scores.masked_fill(targets != 1, _IMPOSSIBLE).logsumexp(1)
    return ((possible - true) * known).sum() / known.sum().clamp(min=1)


def _table(rows: Sequence[Mapping[str, bool]], columns: Sequence[str]) -> Tensor:
    unknown = float("nan")
    return torch.tensor([[float(row.get(column, unknown)) for column in columns] for row in rows]).reshape(
        len(rows), len(columns)
    )
