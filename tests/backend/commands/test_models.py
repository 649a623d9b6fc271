"""`rsgpt models` lists what is installed, and what it needs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rsgpt_backend.cli import main
from rsgpt_backend.model import registry
from rsgpt_backend.model.config import ModelConfig
from rsgpt_backend.model.hardware import memory
from rsgpt_backend.model.hardware.memory import DeviceMemory
from rsgpt_plugin.shared.text import clean
from tests.backend.hostile.folders import ESC, edit, make_good


@pytest.fixture
def shipped(toy_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The toy's config without its weights as the one shipped model; returns its hash."""
    (tmp_path / "weights" / "toy").mkdir(parents=True)
    shutil.copy(toy_folder / "model.json", tmp_path / "weights" / "toy")
    monkeypatch.setattr(registry, "_SHIPPED", tmp_path / "weights")
    return ModelConfig.read(toy_folder).weights_sha256


def test_json(shipped: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found.items() >= {"name": "toy", "weights_sha256": shipped, "licence": "none"}.items()
    assert found["bytes"] == sum(path.stat().st_size for path in Path(found["folder"]).iterdir())


def test_text(shipped: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert capsys.readouterr().out == f"toy  {shipped[:12]}  0 MB  license: none\n"


def test_listed_folders_and_their_memory(toy_folder: Path, shipped: str, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(toy_folder, registry._SHIPPED / "toy", dirs_exist_ok=True)
    assert main(["models", "--memory", "--device", "cpu", "--json", str(toy_folder), "/nothing"]) == 1
    mine, theirs, wrong = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (mine["name"], theirs["folder"]) == ("toy", str(toy_folder))
    assert (theirs["device"], theirs["precision"]) == ("cpu", "fp32")
    assert 0.8e9 < theirs["memory"] < 0.9e9
    assert wrong["error"]["code"] == "model"


def test_a_model_that_does_not_fit_is_listed_with_the_reason(
    toy_folder: Path, shipped: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(toy_folder, registry._SHIPPED / "toy", dirs_exist_ok=True)
    monkeypatch.setattr(memory, "device_memory", lambda devices: DeviceMemory(1e6, devices[0]))
    assert main(["models", "--memory", "--json"]) == 0
    assert "this machine has 0.0 GB free" in json.loads(capsys.readouterr().out)["does_not_fit"]


@pytest.mark.parametrize("damage", ["model.safetensors", "language/model.safetensors"])
def test_damaged_weights_are_an_error(
    toy_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    folder = make_good(tmp_path / "model")
    (folder / damage).write_bytes((folder / damage).read_bytes()[:100])
    assert main(["models", "--memory", "--json", str(folder)]) == 1
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["error"]["code"] == "model"
    assert f"{damage} has no readable weights" in found["error"]["message"]


def test_a_hash_that_is_a_number_is_reported(
    toy_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(toy_folder / "model.json", tmp_path)
    edit(tmp_path / "model.json", {"weights_sha256": 7})
    assert main(["models", str(tmp_path)]) == 1
    assert "weights_sha256 is not of type str" in capsys.readouterr().err


def test_no_control_character_reaches_the_terminal(
    toy_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(toy_folder / "model.json", tmp_path)
    edit(tmp_path / "model.json", {"name": f"a{ESC}\nb", "licence": f"c{ESC}"})
    assert main(["models", str(tmp_path)]) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line == clean(line)
    assert line.startswith("a[31m31m b  ")
    assert line.endswith("license: c[31m31m")
