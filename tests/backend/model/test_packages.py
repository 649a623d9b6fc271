"""Data files of allowed packages are found without importing the packages; anything else is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.packages import PACKAGES, packaged_file


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a data file on the import path; importing it fails."""
    folder = tmp_path / "toy_data_package"
    (folder / "deep").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('imported')")
    (folder / "toy.gguf").write_bytes(b"GGUF but no more")
    (folder / "deep" / "toy.gguf").write_bytes(b"GGUF")
    (tmp_path / "secret").write_text("outside")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("rsgpt_backend.model.packages.PACKAGES", ("toy_data_package", "no_such_package"))
    return folder


@pytest.mark.parametrize("name", ["toy.gguf", "deep/toy.gguf"])
def test_packaged_file_is_found_without_importing_the_package(package: Path, name: str) -> None:
    assert packaged_file(f"toy_data_package/{name}") == package / name
    assert "toy_data_package" not in sys.modules


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("toy_data_package/other.gguf", "has no file other.gguf"),
        ("toy_data_package/deep", "has no file deep"),
        ("no_such_package/x.gguf", "is missing"),
    ],
)
def test_missing_packaged_file_is_rejected(package: Path, source: str, sentence: str) -> None:
    with pytest.raises(ModelError, match=rf"{sentence}.*Repair the environment"):
        packaged_file(source)


@pytest.mark.parametrize(
    "source", ["torch/version.py", "toy_data_package.deep/toy.gguf", "../toy_data_package/toy.gguf", "", "/etc/passwd"]
)
def test_other_packages_are_refused_with_the_allowed_ones(package: Path, source: str) -> None:
    with pytest.raises(ModelError, match=r"cannot use the package .*allowed: toy_data_package, no_such_package"):
        packaged_file(source)


@pytest.mark.parametrize(
    "name", ["", "../secret", "deep/../../secret", "/etc/passwd", "C:\\x", "..\\secret", "toy.gguf\n"]
)
def test_a_name_that_leaves_the_package_is_refused(package: Path, name: str) -> None:
    with pytest.raises(ModelError, match="is not a file inside the package"):
        packaged_file(f"toy_data_package/{name}")


def test_every_allowed_name_is_of_a_top_level_package() -> None:
    assert len(PACKAGES) > 0
    assert all(name.isidentifier() for name in PACKAGES)  # finding a dotted name would import its parent
