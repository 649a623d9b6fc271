"""Command lines and environment variables to run the backend with a given Python."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...core.paths import BACKEND
from . import child_process


@dataclass(frozen=True)
class BackendCommand:
    """A Python that can run the backend.

    home: the plugin's data folder. source: folder of the backend's code. is_users: True if the user set up the
    interpreter, so that packages in the user's site folder count.
    """

    python: Path
    home: Path
    source: Path = BACKEND
    is_users: bool = False

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Return the backend's command line. `-P` keeps the current folder from shadowing modules."""
        return [str(self.python), "-P", "-m", "rsgpt_backend", *arguments]

    def variables(self) -> dict[str, str]:
        """Return the complete environment for `command`, with network access of the libraries turned off."""
        offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
        locations = {"PYTHONPATH": str(self.source), "RSGPT_HOME": str(self.home)}
        if not self.is_users:
            return child_process.clean_environment({**locations, **offline})
        return user_variables(self.python, {**locations, **offline})


def user_variables(python: Path, extra: dict[str, str]) -> dict[str, str]:
    """Return an environment in which the user's interpreter finds the user's packages."""
    variables = child_process.clean_environment(extra)
    variables.pop("PYTHONNOUSERSITE")
    # A conda environment that is not activated needs these folders to find its libraries.
    folders = [python.parent, python.parent / "Library" / "bin", python.parent / "Scripts"]
    existing = [str(folder) for folder in folders if os.name == "nt" and folder.is_dir()]
    variables["PATH"] = os.pathsep.join([*existing, variables.get("PATH", "")])
    return variables
