"""The trained part as RSGPT's own runner writes it, so that LAVIS and RSGPT's code load it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from rsgpt_plugin.shared.files.atomic_file import replace_atomically

from ..convert.weight_names import lavis_name


def write_official(bridge: nn.Module, epochs: int, out: Path) -> Path | None:
    """Write `checkpoint_official.pth`; nothing where the bridge is of a kind that LAVIS does not have.

    epochs: how often every picture was shown. The file counts from 0, and LAVIS goes on with the next.
    """
    tensors = {lavis_name(name): value.detach().cpu() for name, value in bridge.state_dict().items()}
    if "" in tensors:
        return None
    path = out / "checkpoint_official.pth"
    with replace_atomically(path) as part:
        torch.save({"model": tensors, "epoch": epochs - 1}, part)
    return path
