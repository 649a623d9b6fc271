"""Language models are found without the network, and only the recorded file is ever unpacked."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest
import torch

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.config import LanguageConfig
from rsgpt_backend.model.language import file_sha256, home, language_folder, load_language, packaged_file
from tests.backend.toy import BOS, EOS, WIDTH


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package on the import path whose code fails when it is run, with a data file."""
    folder = tmp_path / "toy_language_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('imported')")
    (folder / "toy.gguf").write_bytes(b"GGUF but no more")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_a_folder(toy_folder: Path) -> None:
    language = load_language(LanguageConfig(str(toy_folder / "language"), WIDTH, BOS, EOS), torch.bfloat16)
    assert language.model.dtype == torch.bfloat16
    assert not language.model.training
    assert not any(parameter.requires_grad for parameter in language.model.parameters())
    assert language.words.embedding_dim == WIDTH
    assert language.tokenizer.eos_token_id == EOS


def test_a_packaged_file_is_found_without_running_the_package(package: Path) -> None:
    assert packaged_file("toy_language_package/toy.gguf") == package / "toy.gguf"
    assert "toy_language_package" not in sys.modules


@pytest.mark.parametrize(
    ("source", "sentence"),
    [("toy_language_package/other.gguf", "lacks its file other.gguf"), ("no_such_package/x.gguf", "is missing")],
)
def test_a_missing_packaged_file(package: Path, source: str, sentence: str) -> None:
    with pytest.raises(ModelError, match=rf"{sentence}.*Repair the environment"):
        packaged_file(source)


def test_another_file_than_the_recorded_one_is_not_unpacked(package: Path, own_home: Path) -> None:
    config = LanguageConfig("package:toy_language_package/toy.gguf", WIDTH, BOS, EOS, sha256="0" * 64)
    with pytest.raises(ModelError, match="not the file this model was trained with"):
        language_folder(config)
    assert not own_home.exists()


def test_what_is_unpacked_is_not_unpacked_again(package: Path, own_home: Path) -> None:
    config = LanguageConfig("package:toy_language_package/toy.gguf", WIDTH, BOS, EOS, sha256="ab" * 32)
    folder = own_home / "language" / "toy-abababababab"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    assert language_folder(config) == folder


def test_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert home() == tmp_path / "home"  # RSGPT_HOME
    monkeypatch.delenv("RSGPT_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for platform, caches in (("win32", "AppData/Local"), ("darwin", "Library/Caches"), ("linux", ".cache")):
        monkeypatch.setattr(sys, "platform", platform)
        assert home() == tmp_path / caches / "rsgpt"


def test_file_sha256(package: Path) -> None:
    assert file_sha256(package / "toy.gguf") == hashlib.sha256(b"GGUF but no more").hexdigest()
