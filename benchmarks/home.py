"""A data folder of the plugin that has the model's environment and knows no answer yet. Makes no environment."""

from __future__ import annotations

from pathlib import Path


def forgetful_home(folder: Path, home: Path) -> Path:
    """The same environment and model as `home` has, no answers that are known and no features of pictures."""
    folder.mkdir()
    for entry in home.iterdir():
        if entry.name.startswith("env") or entry.name == "language":
            (folder / entry.name).symlink_to(entry)
    return folder
