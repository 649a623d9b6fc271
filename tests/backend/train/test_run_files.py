"""A checkpoint holds everything that a run needs to resume."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import nn

from rsgpt_backend.commands.train import RECIPES
from rsgpt_backend.errors import ModelError, UsageError
from rsgpt_backend.train.recipe import read_recipe
from rsgpt_backend.train.run_files import claim, load_checkpoint, save_checkpoint


def test_the_loss_scale_is_restored(tmp_path: Path) -> None:
    bridge = nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(bridge.parameters())
    scaler = torch.amp.GradScaler("cpu", init_scale=256.0, growth_interval=1)
    for _ in range(3):
        scaler.scale(bridge(torch.ones(1, 2)).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
    save_checkpoint(tmp_path, bridge, optimizer, scaler, 3)
    other = torch.amp.GradScaler("cpu")
    assert load_checkpoint(tmp_path, bridge, optimizer, other) == 3
    assert other.state_dict() == scaler.state_dict()
    assert other.get_scale() == 2048.0


def test_a_folder_is_claimed_once_and_atomically(tmp_path: Path) -> None:
    out, recipe = tmp_path / "out", read_recipe(RECIPES / "rsgpt-small.toml")
    claim(out, recipe)
    written = (out / "recipe.json").stat().st_mtime_ns
    claim(out, dataclasses.replace(recipe, steps=recipe.steps + 1))
    assert (out / "recipe.json").stat().st_mtime_ns == written
    assert [file.name for file in out.iterdir()] == ["recipe.json"]
    with pytest.raises(UsageError, match="another recipe"):
        claim(out, dataclasses.replace(recipe, seed=recipe.seed + 1))


def test_without_a_loss_scale_none_is_saved(tmp_path: Path) -> None:
    bridge = nn.Linear(2, 2)
    optimizer, scaler = torch.optim.AdamW(bridge.parameters()), torch.amp.GradScaler("cpu", enabled=False)
    save_checkpoint(tmp_path, bridge, optimizer, scaler, 1)
    assert load_checkpoint(tmp_path, bridge, optimizer, scaler) == 1


@pytest.mark.parametrize("content", [b"", b"\x80\x04N.", (2**62).to_bytes(8, "little") + b"{}"])
def test_a_damaged_checkpoint_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "checkpoint.safetensors").write_bytes(content)
    bridge = nn.Linear(2, 2)
    optimizer, scaler = torch.optim.AdamW(bridge.parameters()), torch.amp.GradScaler("cpu", enabled=False)
    with pytest.raises(ModelError, match=r"checkpoint\.safetensors cannot be read\. Delete it"):
        load_checkpoint(tmp_path, bridge, optimizer, scaler)


def test_a_folder_with_other_files_is_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.safetensors").write_text("mine")
    with pytest.raises(UsageError, match="holds other files"):
        claim(tmp_path, read_recipe(RECIPES / "rsgpt-small.toml"))
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.safetensors"]
