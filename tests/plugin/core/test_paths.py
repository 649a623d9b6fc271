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
