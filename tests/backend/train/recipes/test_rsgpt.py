"""RSGPT's own recipe, from a small InstructBLIP: two processes compute the same steps as one, and resume after a kill.

The recipe is the shipped one except for its length and number format; batches are 64 prompts, 8 at once.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from rsgpt_backend.commands.train import RECIPES
from rsgpt_backend.convert.checkpoint import Checkpoint
from tests.backend.family import make_instructblip, trained, write_rsicap
from tests.backend.train.launching import begin, kill, train

pytestmark = pytest.mark.slow
SHORT = {"steps = 200": "steps = 12", "warmup = 40": "warmup = 4", "checkpoint_every = 40": "checkpoint_every = 3",
         'precision = "auto"': 'precision = "fp32"'}  # fmt: skip
MILESTONES = [3, 6, 9, 12]


@pytest.fixture(scope="module")
def rsicap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """140 pictures: two batches per pass, and some left over."""
    folder = tmp_path_factory.mktemp("rsicap") / "set"
    write_rsicap(folder, 140)
    return folder


def shortened(folder: Path, start: Path, **more: str) -> Path:
    """The shipped recipe with fewer steps, starting from a model."""
    text = (RECIPES / "rsgpt.toml").read_text("utf-8")
    for old, new in SHORT.items():
        assert old in text
        text = text.replace(old, new)
    added = "".join(f"{key} = {value}\n" for key, value in {"start": json.dumps(str(start)), **more}.items())
    path = folder / "rsgpt.toml"
    path.write_text(added + text, "utf-8")
    return path


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model without dropout, because each process draws its own."""
    return make_instructblip(tmp_path_factory.mktemp("start"), dropout=0.0)


@pytest.fixture(scope="module")
def alone(rsicap: Path, start: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of one process."""
    out = tmp_path_factory.mktemp("alone")
    train(shortened(out, start), rsicap, out / "run", 1)
    return out / "run"


def curve(out: Path) -> dict[int, float]:
    """Loss by step."""
    lines = map(json.loads, (out / "log.jsonl").read_text().splitlines())
    return {line["step"]: line["loss"] for line in lines}


def learned(out: Path, part: str) -> dict[str, Tensor]:
    tensors = load_file(out / "checkpoint.safetensors")
    return {name.removeprefix(part): value for name, value in tensors.items() if name.startswith(part)}


def assert_same_run(out: Path, expected: Path, start: Path) -> None:
    """Assert equal sums of gradients, equal changes of the bridge, and equal losses."""
    gradients = {name: value for name, value in learned(expected, "optimizer.").items() if name.endswith(".exp_avg")}
    tolerance = 1e-6 * max(value.norm() for value in gradients.values())  # the gradient of a key's bias is rounding
    for name, value in gradients.items():
        apart = (learned(out, "optimizer.")[name] - value).norm()
        assert apart <= max(1e-4 * value.norm(), tolerance), name
    before = {name.removeprefix("bridge."): value for name, value in load_file(start / "model.safetensors").items()}
    moved = strayed = 0.0
    for name, value in learned(expected, "bridge.").items():
        moved += (value - before[name]).square().sum().item()
        strayed += (value - learned(out, "bridge.")[name]).square().sum().item()
    assert moved > 1e-5
    assert strayed < 1e-4 * moved
    assert list(curve(out)) == MILESTONES
    assert curve(out) == pytest.approx(curve(expected), rel=1e-5)


def test_two_processes_compute_the_same_steps(rsicap: Path, start: Path, alone: Path, tmp_path: Path) -> None:
    train(shortened(tmp_path, start), rsicap, tmp_path / "run", 2)
    assert_same_run(tmp_path / "run", alone, start)


def test_two_processes_share_the_language_model(rsicap: Path, start: Path, alone: Path, tmp_path: Path) -> None:
    train(shortened(tmp_path, start, shard="true"), rsicap, tmp_path / "run", 2)
    assert_same_run(tmp_path / "run", alone, start)


def test_the_official_checkpoint_has_the_learned_weights(alone: Path) -> None:
    written = Checkpoint(alone / "checkpoint_official.pth")
    assert {name for name in trained() if "position_ids" not in name and "inv_freq" not in name} == written.keys()
    assert torch.equal(written["llm_proj.weight"], learned(alone, "bridge.")["projection.weight"])


def test_killed_processes_resume_with_the_same_curve(rsicap: Path, tmp_path: Path) -> None:
    recipe = shortened(tmp_path, make_instructblip(tmp_path / "start"))  # with the dropout of RSGPT
    train(recipe, rsicap, tmp_path / "whole", 2)
    running = begin(recipe, rsicap, tmp_path / "cut", 2)
    while not (tmp_path / "cut" / "checkpoint.safetensors").exists():
        assert running.poll() is None
        time.sleep(0.01)
    kill(running)
    done = int(load_file(tmp_path / "cut" / "checkpoint.safetensors")["step"])
    assert done < MILESTONES[-1]
    assert not (tmp_path / "cut" / "model").exists()
    output = train(recipe, rsicap, tmp_path / "cut", 2)
    assert f"{done}/12" in output
    expected, resumed = (load_file(tmp_path / out / "checkpoint.safetensors") for out in ("whole", "cut"))
    assert all(torch.equal(resumed[name], value) for name, value in expected.items())
    assert curve(tmp_path / "cut") == curve(tmp_path / "whole")
