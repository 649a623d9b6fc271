"""Models are found by name or folder; the error for an unknown name lists the installed models."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model import registry


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two shipped models, and a third folder without a config."""
    for name in ("beta", "alpha", "empty"):
        (tmp_path / "weights" / name).mkdir(parents=True)
    for name in ("beta", "alpha"):
        (tmp_path / "weights" / name / "model.json").write_text("{}")
    monkeypatch.setattr(registry, "_SHIPPED", tmp_path / "weights")
    return tmp_path / "weights"


def test_shipped_models(shipped: Path) -> None:
    assert registry.shipped_models() == ["alpha", "beta"]


def test_model_folder_by_name(shipped: Path) -> None:
    assert registry.model_folder("beta") == shipped / "beta"


def test_a_model_is_shipped_by_its_folder_and_not_by_its_name(shipped: Path, toy_folder: Path) -> None:
    assert registry.is_shipped("beta")
    assert registry.is_shipped(str(shipped / "beta"))
    assert not registry.is_shipped(str(toy_folder))


def test_model_folder_by_path(shipped: Path, toy_folder: Path) -> None:
    assert registry.model_folder(str(toy_folder)) == toy_folder


@pytest.mark.parametrize("name", ["gamma", "empty", ""])
def test_unknown_name_is_rejected(shipped: Path, name: str) -> None:
    with pytest.raises(ModelError, match=rf"no model '{name}'\. Installed: alpha, beta;"):
        registry.model_folder(name)


def test_error_without_installed_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_SHIPPED", tmp_path)
    with pytest.raises(ModelError, match="Installed: none"):
        registry.model_folder("alpha")
