"""Files of a training run, written atomically, and the checkpoint from which an interrupted run resumes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from rsgpt_plugin.shared.files.atomic_file import replace_atomically

from ..errors import ModelError, UsageError
from .recipe import Recipe

Scaler = torch.amp.GradScaler
_CHECKPOINT = "checkpoint.safetensors"


def claim(out: Path, recipe: Recipe) -> None:
    """Write the recipe to the folder `out`. Raises UsageError if it holds a run of another recipe, or other files.

    The number of steps may differ, so that a run can be extended.
    """
    text = json.dumps({**dataclasses.asdict(recipe), "steps": 0}, indent=1)
    path = out / "recipe.json"
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise UsageError(f"{out} holds a run of another recipe, see its recipe.json. Give another folder with --out.")
    if not path.exists():
        out.mkdir(parents=True, exist_ok=True)
        if any(not entry.name.startswith(".") for entry in out.iterdir()):
            raise UsageError(f"{out} holds other files and no training run. Give an empty or new folder with --out.")
        with replace_atomically(path) as draft:
            draft.write_text(text, encoding="utf-8")


def write_tensors(tensors: dict[str, Tensor], path: Path) -> None:
    """Write tensors to a file, atomically."""
    with replace_atomically(path) as draft:
        save_file({key: value.detach().cpu().contiguous() for key, value in tensors.items()}, draft)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read a file of `write_tensors`. Raises ModelError if it is not readable."""
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} cannot be read. Delete it; that part of the training is then repeated.") from error


def save_checkpoint(
    out: Path,
    trained: nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: Scaler,
    step: int,
    *,
    name: str = _CHECKPOINT,
) -> None:
    """Save the trained parts, the optimizer, the loss scale, and the number of finished steps in the file `name`."""
    tensors = dict(trained.state_dict())
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{key}": value for key, value in state.items()}
    tensors |= {f"scaler.{key}": torch.tensor(float(value)) for key, value in scaler.state_dict().items()}
    tensors["step"] = torch.tensor([step])
    write_tensors(tensors, out / name)


def load_checkpoint(
    out: Path, trained: nn.Module, optimizer: torch.optim.Optimizer, scaler: Scaler, *, name: str = _CHECKPOINT
) -> int:
    """Load a checkpoint into its modules; return the next step, or 0 without a checkpoint."""
    path = out / name
    if not path.exists():
        return 0
    tensors = read_tensors(path)
    trained.load_state_dict({key: tensors[key] for key in trained.state_dict()})
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer."):
            _, index, field = key.split(".", 2)
            state.setdefault(int(index), {})[field] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    scale = {key: type(value)(tensors[f"scaler.{key}"]) for key, value in scaler.state_dict().items()}
    if scale:
        scaler.load_state_dict(scale)
    return int(tensors["step"][0])
