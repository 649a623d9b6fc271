"""A data folder of the plugin with the environment of another one, but without saved answers."""

from __future__ import annotations

from pathlib import Path


def forgetful_home(folder: Path, home: Path) -> Path:
    """Create a data folder with the environment and model of `home`, without answers and features of pictures."""
    folder.mkdir()
    for entry in home.iterdir():
        if entry.name.startswith("env") or entry.name == "language":
            (folder / entry.name).symlink_to(entry)
    return folder
