"""What the classifier sees in pictures: the probability of each thing and of each kind of area."""

from __future__ import annotations

from itertools import chain

import torch
from torch import Tensor

from ...model.rsgpt import Rsgpt
from ...predictor import Classification
from ..answer_row import check_finite


def classified(model: Rsgpt, features: Tensor) -> list[Classification]:
    """Return the probabilities of pictures, none if the model has no classifier.

    features: [pictures, cells, vision width]. Raises EngineError if one is not finite.
    """
    if model.classifier is None:
        return [Classification()] * len(features)
    things, kinds = model.classifier(features)
    present, shares = torch.sigmoid(things).tolist(), torch.softmax(kinds, dim=1).tolist()
    check_finite(list(chain.from_iterable((*present, *shares))))
    return [Classification(tuple(one), tuple(other)) for one, other in zip(present, shares, strict=True)]
