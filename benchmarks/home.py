"""A data folder of the plugin that has the model's environment and knows no answer yet. Makes no environment."""

from __future__ import annotations

import os
from pathlib import Path


def forgetful_home(folder: Path) -> Path:
    """The same environment and model as RSGPT_HOME's, no answers that are known and no features of pictures."""
    folder.mkdir()
    for entry in Path(os.environ["RSGPT_HOME"]).iterdir():
        if entry.name.startswith("env") or entry.name == "language":
            (folder / entry.name).symlink_to(entry)
    return folder
