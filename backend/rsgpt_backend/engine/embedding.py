"""Vectors of pictures and texts, for search by words and by example."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ..errors import EngineError, ModelError
from ..model.heads.matching import MatchingHead
from ..model.rsgpt import Rsgpt, pad
from ..model.vision.ground_resolution import input_resolution
from ..predictor import Embedding, KeyedPicture

_BATCH = 64  # rows at once
_DIGITS = 6


def matching_head(model: Rsgpt) -> MatchingHead:
    """Return the head of a model. Raises ModelError if it has none."""
    if model.matching is None:
        raise ModelError(
            f"{model.config.name} has no vectors for pictures and texts. Use a model with a `matching_width` above 0."
        )
    return model.matching


def picture_embeddings(model: Rsgpt, pictures: Sequence[KeyedPicture], features: Tensor) -> list[Embedding]:
    """Return the vectors of pictures. features: [pictures, cells, vision width]. Raises ModelError, EngineError."""
    head, size = matching_head(model), model.config.vision.image_size
    ground = torch.tensor([input_resolution(one.gsd_m, *one.image.size, size) for one in pictures])
    parts = zip(features.split(_BATCH), ground.split(_BATCH), strict=True)
    vectors = [head.image_vectors(model.bridge, *part) for part in parts]
    return list(_embeddings(vectors, [model.config.qformer.queries] * len(pictures)))


def text_embeddings(model: Rsgpt, texts: Sequence[str], device: torch.device) -> list[Embedding]:
    """Return the vectors of texts. device: of the bridge. Raises ModelError, and EngineError if a text is empty."""
    head = matching_head(model)
    rows = [instruction.read for instruction in model.instruct(texts)]
    if not all(rows):
        raise EngineError("An empty text has no vector. Write at least one word.")
    parts = [pad(rows[start : start + _BATCH], 0, device) for start in range(0, len(rows), _BATCH)]
    return list(_embeddings([head.text_vectors(model.bridge, *part) for part in parts], [len(row) for row in rows]))


def _embeddings(vectors: Sequence[Tensor], tokens: Sequence[int]) -> Iterator[Embedding]:
    """Yield one embedding per row. Raises EngineError if a number is not finite."""
    rows = torch.cat(list(vectors)).cpu()
    if not rows.isfinite().all():
        raise EngineError("The model computed NaN or infinity. Check the model with `rsgpt doctor`.")
    for row, count in zip(rows.tolist(), tokens, strict=True):
        yield Embedding(tuple(round(value, _DIGITS) for value in row), count)
