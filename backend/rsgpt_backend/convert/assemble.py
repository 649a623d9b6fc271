"""Fit tensors of one or several checkpoints into a member of the family; what does not fit is named.

A later checkpoint replaces what an earlier one gave: a file that RSGPT's training wrote holds the trained part alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ..errors import ModelError
from ..model.config import ModelConfig
from ..model.folder_files import opening
from ..model.language.pretrained import check_finite
from ..model.rsgpt import Bridge
from ..model.vision.encoders import build_encoder
from .checkpoint import Checkpoint
from .weight_names import fused, renamed

LANGUAGE = "language."
_PROJECTION = "bridge.projection."


def expected(config: ModelConfig) -> dict[str, torch.Size]:
    """Name and shape of every weight of encoder and bridge; no memory is taken."""
    with torch.device("meta"):
        parts = {
            "encoder": build_encoder(config.vision),
            "bridge": Bridge(config, nn.Embedding(1, config.language.width)),
        }
    return {
        f"{part}.{name}": value.shape for part, module in parts.items() for name, value in module.state_dict().items()
    }


def assemble(checkpoints: Sequence[Checkpoint], config: ModelConfig) -> dict[str, Tensor]:
    """All weights of encoder and bridge. ModelError names the first key that is missing, unknown or misshapen."""
    wanted = expected(config)
    found = _never_trained(config)
    last = last_projection(checkpoints)
    for checkpoint in checkpoints:
        with opening(checkpoint.path, "weights of this model"):
            part = fused(_renamed(checkpoint, config))
        if checkpoint is not last:  # MiniGPT-4 takes the Q-Former of a BLIP-2 with another language model
            part = {name: value for name, value in part.items() if not name.startswith(_PROJECTION)}
        _check(part, wanted, checkpoint)
        found |= part
    missing = sorted(wanted.keys() - found.keys())
    if missing:
        raise ModelError(
            f"{missing[0]} and {len(missing) - 1} more weights of {config.name} are in none of the files. "
            "Give the file that holds them, too: the vision encoder's, or InstructBLIP's before RSGPT's."
        )
    return found


def _never_trained(config: ModelConfig) -> dict[str, Tensor]:
    """What files may lack: MiniGPT-4 without a Q-Former leaves the norm behind its encoder as it was made."""
    if config.qformer.layers:
        return {}
    width = config.vision.width
    return {"bridge.ln_vision.weight": torch.ones(width), "bridge.ln_vision.bias": torch.zeros(width)}


def last_projection(checkpoints: Sequence[Checkpoint]) -> Checkpoint | None:
    """The checkpoint whose projection counts, and by which a model is known."""
    holders = [one for one in checkpoints if any(renamed(name).startswith(_PROJECTION) for name in one)]
    return holders[-1] if holders else None


def _renamed(checkpoint: Checkpoint, config: ModelConfig) -> Mapping[str, Tensor]:
    beyond = f"encoder.model.encoder.layers.{config.vision.layers}."  # EVA's file holds a block more than is used
    part: dict[str, Tensor] = {}
    for name in checkpoint:
        target = _plain(renamed(name), config)
        if target == "?":
            raise ModelError(f"{checkpoint.path} holds {name}, which no member of the family has. Give another file.")
        if target and not target.startswith((beyond, LANGUAGE)):
            part[target] = checkpoint[name]
    return part


def _plain(name: str, config: ModelConfig) -> str:
    """A Q-Former that reads no text has its first norm in another place."""
    if config.qformer.instruction:
        return name
    return name.replace("bridge.qformer.model.embeddings.layernorm.", "bridge.qformer.model.layernorm.")


def _check(part: Mapping[str, Tensor], wanted: Mapping[str, torch.Size], checkpoint: Checkpoint) -> None:
    for name, value in part.items():
        if name not in wanted:
            raise ModelError(f"{checkpoint.path} holds {name}, which this model has not. Is it of another model?")
        if value.shape != wanted[name]:
            raise ModelError(
                f"{checkpoint.path}: {name} has shape {list(value.shape)}, not {list(wanted[name])}. "
                "Is it of another size of the model?"
            )
        if not value.is_floating_point():
            raise ModelError(f"{checkpoint.path}: {name} holds whole numbers. Give the checkpoint before 8 or 4 bits.")
    check_finite(part.items(), checkpoint.path)
