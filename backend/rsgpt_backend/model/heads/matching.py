"""The matching head: one vector for a picture and one for a text, close together if the text describes the picture.

As in BLIP-2's image-text contrastive stage, both come from the Q-Former: the picture's from its queries, which see no
text, the text's from its text branch, which sees no picture.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from ..qformer import QFormer
    from ..rsgpt import Bridge

_START = 0.07  # temperature, as in CLIP
_COLDEST, _WARMEST = 0.01, 0.5


class MatchingHead(nn.Module):
    """Projects the outputs of the Q-Former to comparable vectors of unit length."""

    def __init__(self, qformer_width: int, width: int) -> None:
        super().__init__()
        self.image = nn.Linear(qformer_width, width)
        self.text = nn.Linear(qformer_width, width)
        self.log_temperature = nn.Parameter(torch.tensor(math.log(_START)))

    @property
    def temperature(self) -> Tensor:
        """The learned temperature of the similarities, between 0.01 and 0.5."""
        return self.log_temperature.clamp(math.log(_COLDEST), math.log(_WARMEST)).exp()

    def image_vectors(self, bridge: Bridge, features: Tensor, ground: Tensor | None = None) -> Tensor:
        """features: [batch, cells, vision width] -> [batch, width]. ground: see Bridge.forward."""
        queries = _qformer(bridge).picture_states(bridge.cells(features, ground))
        return F.normalize(self.image(queries.mean(1)).float(), dim=-1)

    def text_vectors(self, bridge: Bridge, ids: Tensor, mask: Tensor) -> Tensor:
        """ids, mask: [batch, length] with padding at the end, of Instruction.read -> [batch, width].

        An empty text among others gets the vector of one padding token: data sets have some, and one may not turn a
        whole batch to NaN.
        """
        mask = torch.cat([torch.ones_like(mask[:, :1]), mask[:, 1:]], dim=1)
        states = _qformer(bridge).text_states(ids, mask)
        weights = mask.to(states.dtype)[..., None]
        mean = (states * weights).sum(1) / weights.sum(1)
        return F.normalize(self.text(mean).float(), dim=-1)


def matching_loss(
    head: MatchingHead,
    bridge: Bridge,
    features: Tensor,
    ids: Tensor,
    mask: Tensor,
    *,
    groups: Tensor,
    ground: Tensor | None = None,
) -> Tensor:
    """Return the symmetric contrastive loss (InfoNCE) of a batch of pictures and their sentences.

    features: [batch, cells, vision width]; ids, mask: [batch, length]; ground: see Bridge.forward. groups: [batch],
    whole numbers; rows with equal numbers match each other, as pictures do that have the same sentence. The smallest
    possible loss is 0.
    """
    images = head.image_vectors(bridge, features, ground)
    texts = head.text_vectors(bridge, ids, mask)
    similarities = images @ texts.T / head.temperature
    matches = (groups[:, None] == groups[None]).to(similarities)
    counts = matches.sum(1, keepdim=True)
    targets = matches / counts  # `matches` is symmetric, so they serve both directions
    by_image = F.cross_entropy(similarities, targets)
    by_text = F.cross_entropy(similarities.T, targets)
    return (by_image + by_text) / 2 - counts.log().mean()


def _qformer(bridge: Bridge) -> QFormer:
    return cast("QFormer", bridge.qformer)  # validation.py refuses a head without one
