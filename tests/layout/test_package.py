"""The package check finds the problems for which the plugin site would reject a package."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.layout.source import ROOT, script

METADATA = (ROOT / "metadata.txt").read_text("utf-8")
GOOD = {"__init__.py": "", "LICENSE": "GPL", "metadata.txt": METADATA, "resources/icons/rsgpt.svg": "<svg/>"}


@pytest.fixture(scope="module")
def check() -> Any:
    return script("scripts/check_package.py")


def package(folder: Path, files: dict[str, str], top: str = "rsgpt") -> Path:
    path = folder / "rsgpt.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{top}/{name}", text)
    return path


def test_a_good_package_has_no_problem(check: Any, tmp_path: Path) -> None:
    assert list(check.problems(package(tmp_path, GOOD))) == []


@pytest.mark.parametrize("name", sorted(GOOD))
def test_each_missing_file_is_found(check: Any, tmp_path: Path, name: str) -> None:
    files = {other: text for other, text in GOOD.items() if other != name}
    assert len(list(check.problems(package(tmp_path, files)))) == 1


@pytest.mark.parametrize("name", ["a.pyc", "__pycache__/a", "../a", ".git/config", "a\\b", "c:a", "ä"])
def test_each_bad_name_is_found(check: Any, tmp_path: Path, name: str) -> None:
    found = list(check.problems(package(tmp_path, {**GOOD, name: ""})))
    assert any("refuses this name" in problem for problem in found)


def test_a_missing_key_is_found(check: Any, tmp_path: Path) -> None:
    files = {**GOOD, "metadata.txt": METADATA.replace("tracker=", "tracker_gone=")}
    assert list(check.problems(package(tmp_path, files))) == ["metadata.txt: tracker is missing"]


def test_a_large_package_is_found(check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "MAX_BYTES", 100)
    assert any("bytes are more than" in problem for problem in check.problems(package(tmp_path, GOOD)))


def test_another_folder_is_found(check: Any, tmp_path: Path) -> None:
    assert any("outside rsgpt/" in problem for problem in check.problems(package(tmp_path, GOOD, "other")))
