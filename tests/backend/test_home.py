"""The folder of the backend is RSGPT_HOME, or follows the convention of the platform."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rsgpt_backend.home import home


def test_home_is_the_variable_or_the_platform_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert home() == tmp_path / "home"  # RSGPT_HOME
    monkeypatch.delenv("RSGPT_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for platform, caches in (("win32", "AppData/Local"), ("darwin", "Library/Caches"), ("linux", ".cache")):
        monkeypatch.setattr(sys, "platform", platform)
        assert home() == tmp_path / caches / "rsgpt"
