"""The trained parts in the checkpoint format of RSGPT's own runner, which LAVIS and RSGPT's code can load."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from rsgpt_plugin.shared.files.atomic_file import replace_atomically

from ..convert.weight_names import lavis_name


def write_official(bridge: nn.Module, epochs: int, out: Path) -> Path | None:
    """Write `checkpoint_official.pth` and return its path, or None if LAVIS has no such bridge.

    epochs: how often every picture was shown. The file counts epochs from 0, and LAVIS resumes with the next one.
    """
    tensors = {lavis_name(name): value.detach().cpu() for name, value in bridge.state_dict().items()}
    if "" in tensors:
        return None
    path = out / "checkpoint_official.pth"
    with replace_atomically(path) as draft:
        torch.save({"model": tensors, "epoch": epochs - 1}, draft)
    return path
