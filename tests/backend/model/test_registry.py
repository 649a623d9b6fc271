"""Models are found by name or by folder, and a wrong name is told beside the right ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model import registry


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped models with two in it, and one without a config."""
    for name in ("beta", "alpha", "empty"):
        (tmp_path / "weights" / name).mkdir(parents=True)
    for name in ("beta", "alpha"):
        (tmp_path / "weights" / name / "model.json").write_text("{}")
    monkeypatch.setattr(registry, "_SHIPPED", tmp_path / "weights")
    return tmp_path / "weights"


def test_shipped_models(shipped: Path) -> None:
    assert registry.shipped_models() == ["alpha", "beta"]


def test_by_name(shipped: Path) -> None:
    assert registry.model_folder("beta") == shipped / "beta"


def test_by_folder(shipped: Path, toy_folder: Path) -> None:
    assert registry.model_folder(str(toy_folder)) == toy_folder


@pytest.mark.parametrize("name", ["gamma", "empty", ""])
def test_an_unknown_name(shipped: Path, name: str) -> None:
    with pytest.raises(ModelError, match=rf"no model '{name}'\. Installed: alpha, beta;"):
        registry.model_folder(name)


def test_nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_SHIPPED", tmp_path)
    with pytest.raises(ModelError, match="Installed: none"):
        registry.model_folder("alpha")
