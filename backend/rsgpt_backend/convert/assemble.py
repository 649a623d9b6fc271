"""Assemble the weights of a model from the tensors of one or more checkpoints.

Tensors of a later checkpoint replace those of an earlier one: files of RSGPT's training contain the trained part only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ..errors import ModelError
from ..model.config import ModelConfig
from ..model.folder_files import as_model_error
from ..model.language.pretrained import check_finite
from ..model.rsgpt import Bridge
from ..model.vision.encoders import build_encoder
from .checkpoint import Checkpoint
from .weight_names import fused, renamed

LANGUAGE = "language."
_PROJECTION = "bridge.projection."


def expected_shapes(config: ModelConfig) -> dict[str, torch.Size]:
    """Return the shapes of all weights of encoder and bridge, by name, without allocating them."""
    with torch.device("meta"):
        parts = {
            "encoder": build_encoder(config.vision),
            "bridge": Bridge(config, nn.Embedding(1, config.language.width)),
        }
    return {
        f"{part}.{name}": value.shape for part, module in parts.items() for name, value in module.state_dict().items()
    }


def assemble(checkpoints: Sequence[Checkpoint], config: ModelConfig) -> dict[str, Tensor]:
    """Return all weights of encoder and bridge.

    Raises ModelError, which names the first weight, if weights are missing, unknown or of the wrong shape.
    """
    expected = expected_shapes(config)
    weights = _untrained_defaults(config)
    last = last_projection(checkpoints)
    for checkpoint in checkpoints:
        with as_model_error(checkpoint.path, "weights of this model"):
            part = fused(_renamed(checkpoint, config))
        if checkpoint is not last:  # MiniGPT-4 uses the Q-Former of a BLIP-2 with another language model
            part = {name: value for name, value in part.items() if not name.startswith(_PROJECTION)}
        _check(part, expected, checkpoint)
        weights |= part
    missing = sorted(expected.keys() - weights.keys())
    if missing:
        raise ModelError(
            f"{missing[0]} and {len(missing) - 1} more weights of {config.name} are missing from the files. "
            "Add the file that contains them: the vision encoder's, or InstructBLIP's before RSGPT's."
        )
    return weights


def _untrained_defaults(config: ModelConfig) -> dict[str, Tensor]:
    """MiniGPT-4 without a Q-Former does not train the norm after its encoder."""
    if config.qformer.layers:
        return {}
    width = config.vision.width
    return {"bridge.ln_vision.weight": torch.ones(width), "bridge.ln_vision.bias": torch.zeros(width)}


def last_projection(checkpoints: Sequence[Checkpoint]) -> Checkpoint | None:
    """Return the last checkpoint with a projection, which is used and identifies the model."""
    candidates = [
        checkpoint for checkpoint in checkpoints if any(renamed(name).startswith(_PROJECTION) for name in checkpoint)
    ]
    return candidates[-1] if candidates else None


def _renamed(checkpoint: Checkpoint, config: ModelConfig) -> Mapping[str, Tensor]:
    unused_block = f"encoder.model.encoder.layers.{config.vision.layers}."  # EVA's file has one block more than is used
    part: dict[str, Tensor] = {}
    for name in checkpoint:
        target = _with_norm_of_kind(renamed(name), config)
        if target == "?":
            raise ModelError(f"{checkpoint.path} contains {name}, which no supported model has. Choose another file.")
        if target and not target.startswith((unused_block, LANGUAGE)):
            part[target] = checkpoint[name]
    return part


def _with_norm_of_kind(name: str, config: ModelConfig) -> str:
    """A Q-Former that reads no text has its first norm outside of its embeddings."""
    if config.qformer.instruction:
        return name
    return name.replace("bridge.qformer.model.embeddings.layernorm.", "bridge.qformer.model.layernorm.")


def _check(part: Mapping[str, Tensor], expected: Mapping[str, torch.Size], checkpoint: Checkpoint) -> None:
    for name, value in part.items():
        if name not in expected:
            raise ModelError(
                f"{checkpoint.path} contains {name}, which this model does not have. Is the file from another model?"
            )
        if value.shape != expected[name]:
            raise ModelError(
                f"{checkpoint.path}: {name} has shape {list(value.shape)}, not {list(expected[name])}. "
                "Is the file from another size of the model?"
            )
        if not value.is_floating_point():
            raise ModelError(
                f"{checkpoint.path}: {name} contains whole numbers. Choose the checkpoint before quantization."
            )
    check_finite(part.items(), checkpoint.path)
