"""A checkpoint holds all that a run goes on with."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from rsgpt_backend.errors import ModelError
from rsgpt_backend.train.files import load_checkpoint, save_checkpoint


def test_the_scale_of_the_loss_goes_on_where_it_was(tmp_path: Path) -> None:
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


def test_without_a_scale_nothing_is_kept(tmp_path: Path) -> None:
    bridge = nn.Linear(2, 2)
    optimizer, scaler = torch.optim.AdamW(bridge.parameters()), torch.amp.GradScaler("cpu", enabled=False)
    save_checkpoint(tmp_path, bridge, optimizer, scaler, 1)
    assert load_checkpoint(tmp_path, bridge, optimizer, scaler) == 1


@pytest.mark.parametrize("content", [b"", b"\x80\x04N.", (2**62).to_bytes(8, "little") + b"{}"])
def test_a_checkpoint_that_is_none_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "checkpoint.safetensors").write_bytes(content)
    bridge = nn.Linear(2, 2)
    optimizer, scaler = torch.optim.AdamW(bridge.parameters()), torch.amp.GradScaler("cpu", enabled=False)
    with pytest.raises(ModelError, match=r"checkpoint\.safetensors cannot be read\. Delete it"):
        load_checkpoint(tmp_path, bridge, optimizer, scaler)
