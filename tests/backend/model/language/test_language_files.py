"""The files of a language model are found offline, and only a GGUF with the recorded hash is unpacked."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from gguf import GGUFReader
from transformers import AutoModelForCausalLM

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.config import LanguageConfig
from rsgpt_backend.model.hardware.precision import Precision
from rsgpt_backend.model.hashes import file_sha256, joint_sha256
from rsgpt_backend.model.language.language import load_language
from rsgpt_backend.model.language.language_files import language_folder
from tests.backend.toy import BOS, EOS, WIDTH, write_gguf
from tests.layout.source import ROOT


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a data file on the import path; importing it fails."""
    folder = tmp_path / "toy_language_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('imported')")
    (folder / "toy.gguf").write_bytes(b"GGUF but no more")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("rsgpt_backend.model.packages.PACKAGES", ("toy_language_package",))
    return folder


def test_gguf_with_another_hash_is_not_unpacked(package: Path, own_home: Path) -> None:
    config = LanguageConfig("package:toy_language_package/toy.gguf", WIDTH, BOS, EOS, sha256="0" * 64)
    with pytest.raises(ModelError, match="not the file that the model was trained with"):
        language_folder(config)
    assert not own_home.exists()


@pytest.fixture
def packed(package: Path) -> LanguageConfig:
    """The config of a tiny valid GGUF in the package."""
    write_gguf(package / "tiny.gguf")
    sha256 = file_sha256(package / "tiny.gguf")
    return LanguageConfig("package:toy_language_package/tiny.gguf", WIDTH, BOS, EOS, sha256)


def test_a_gguf_is_unpacked_once_into_the_home(packed: LanguageConfig, package: Path, own_home: Path) -> None:
    language = load_language(packed, Precision(torch.bfloat16))
    assert (own_home / "language" / f"tiny-{packed.sha256[:12]}").is_dir()
    ids = language.tokenizer("a road").input_ids
    assert [language.tokenizer.decode([token]) for token in ids] == ["a", " ", "road"]
    values = GGUFReader(package / "tiny.gguf").get_tensor(0)
    assert values.name == "token_embd.weight"
    torch.testing.assert_close(language.words.weight, torch.tensor(values.data).bfloat16())
    (package / "tiny.gguf").write_bytes(b"gone")
    assert torch.equal(load_language(packed, Precision(torch.bfloat16)).words.weight, language.words.weight)


def test_intact_folder_is_not_unpacked_again(
    packed: LanguageConfig, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = language_folder(packed)
    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", None)
    assert language_folder(packed) == folder


@pytest.mark.parametrize("damage", ["halved", "changed", "no note", "a folder of an earlier version"])
def test_damaged_folder_is_unpacked_again(packed: LanguageConfig, own_home: Path, damage: str) -> None:
    folder = language_folder(packed)
    weights, note = folder / "model.safetensors", folder / "unpacked.json"
    whole = weights.read_bytes()
    if damage in ("halved", "changed"):
        weights.write_bytes(whole[: len(whole) // 2] if damage == "halved" else whole[:-1] + bytes([whole[-1] ^ 1]))
    else:
        note.unlink() if damage == "no note" else note.write_text("{}")
    assert language_folder(packed) == folder
    assert weights.read_bytes() == whole
    assert [path.name for path in (own_home / "language").iterdir() if path.name != "hashes"] == [folder.name]


def test_interrupted_unpacking_leaves_no_folder(
    packed: LanguageConfig, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_settings: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(AutoModelForCausalLM, "from_pretrained", fail)
        with pytest.raises(KeyboardInterrupt):
            language_folder(packed)
    assert not (own_home / "language" / f"tiny-{packed.sha256[:12]}").exists()
    load_language(packed, Precision(torch.bfloat16))
    assert [path.name for path in (own_home / "language").iterdir() if path.name != "hashes"] == [
        f"tiny-{packed.sha256[:12]}"
    ]


def test_first_of_two_concurrent_unpackings_wins(
    packed: LanguageConfig, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = own_home / "language" / f"tiny-{packed.sha256[:12]}"
    load = AutoModelForCausalLM.from_pretrained

    def overtaken(*args: object, **settings: object) -> object:
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_bytes(b"the other's")
        sha256 = joint_sha256([folder / "model.safetensors"])
        (folder / "unpacked.json").write_text(json.dumps({"weights_sha256": sha256}))
        return load(*args, **settings)

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", overtaken)
    assert language_folder(packed) == folder
    assert (folder / "model.safetensors").read_text() == "the other's"
    assert [path.name for path in (own_home / "language").iterdir() if path.name != "hashes"] == [folder.name]


def test_file_sha256(package: Path) -> None:
    assert file_sha256(package / "toy.gguf") == hashlib.sha256(b"GGUF but no more").hexdigest()


def test_fingerprints_do_not_import_torch() -> None:
    code = "import sys, rsgpt_backend.model.fingerprint; sys.exit('torch' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "backend")}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
