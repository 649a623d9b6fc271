"""Locations of the plugin's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsgpt_plugin.core import paths


def test_home_is_the_folder_in_rsgpt_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RSGPT_HOME", str(tmp_path / "Größe 1"))
    assert paths.cache_file() == tmp_path / "Größe 1" / "cache" / "answers.sqlite"
    assert paths.log_folder() == tmp_path / "Größe 1" / "log"
    assert not paths.home().exists()


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_DATA_HOME", "data/rsgpt"),
        ("win32", "LOCALAPPDATA", "data/rsgpt"),
    ],
)
def test_home_defaults_to_the_platform_folder(
    platform: str, variable: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("RSGPT_HOME", raising=False)
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setenv(variable, str(tmp_path / "data"))
    assert paths.home() == tmp_path / expected


def test_a_relative_data_folder_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RSGPT_HOME", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "somewhere")
    assert paths.home() == Path.home() / ".local" / "share" / "rsgpt"


def test_plugin_version_is_read_from_metadata(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "plugin_root", lambda: tmp_path)
    assert paths.plugin_version() == "unknown"
    (tmp_path / "metadata.txt").write_text("[general]\nname=x\nversion=1.2.3\nabout=100% sure\n", encoding="utf-8")
    assert paths.plugin_version() == "1.2.3"


def test_the_files_of_the_plugin_are_in_its_data_folder(own_home: Path) -> None:
    files = [paths.cache_file(), paths.picture_file(), paths.history_file(), paths.runs_file(), paths.feature_folder()]
    files.append(paths.search_file())
    assert len(set(files)) == len(files)
    assert all(own_home in file.parents for file in files)


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_rsgpt_home_counts_as_not_set(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("RSGPT_HOME", text)
    assert paths.home() == tmp_path / "rsgpt"


def test_a_relative_or_abbreviated_rsgpt_home_becomes_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "ada"))
    monkeypatch.setenv("RSGPT_HOME", "maps/rsgpt")
    assert paths.home() == tmp_path / "maps" / "rsgpt"
    monkeypatch.setenv("RSGPT_HOME", "~/rsgpt")
    assert paths.home() == tmp_path / "ada" / "rsgpt"


def test_home_on_a_mac_is_in_the_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RSGPT_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "darwin")
    assert paths.home() == tmp_path / "Library" / "Application Support" / "rsgpt"


def test_the_root_holds_what_the_plugin_ships() -> None:
    assert (paths.plugin_root() / "metadata.txt").is_file()
    assert (paths.plugin_root() / "resources").is_dir()
    assert paths.plugin_version() == paths.metadata("version") != ""
    assert paths.metadata("an entry that is missing") == ""
