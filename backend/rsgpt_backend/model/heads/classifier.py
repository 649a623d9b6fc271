"""The classifier: what is present in a picture, and which kind of area it shows, from the frozen encoder."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from ..config import ClassifierConfig


class Classifier(nn.Module):
    """One linear layer on the mean of the encoder's cells."""

    def __init__(self, config: ClassifierConfig, vision_width: int) -> None:
        super().__init__()
        self._parts = [len(config.things), len(config.kinds)]
        self.linear = nn.Linear(vision_width, sum(self._parts))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """features: [batch, cells, vision width] -> logits [batch, things] of their presence, and [batch, kinds].

        Things are independent of each other; the kinds are the classes of one distribution.
        """
        things, kinds = cast(Tensor, self.linear(features.float().mean(1))).split(self._parts, dim=1)
        return things, kinds

    def maps(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """features: [batch, cells, vision width] -> [batch, cells, things] and [batch, cells, kinds].

        The mean over the cells is the logit of `forward`, so a map shows where it comes from (Zhou et al., "Learning
        Deep Features for Discriminative Localization", 2016).
        """
        things, kinds = cast(Tensor, self.linear(features.float())).split(self._parts, dim=2)
        return things, kinds
