"""How the model's side is run by a Python that has its packages. Runs nothing; knows no environment by name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..installed_models import BACKEND
from . import child_process


@dataclass(frozen=True)
class BackendCommand:
    """home: the plugin's data folder. source: where the model side's code lies.

    users_own: whether the interpreter is one that a person set up, with whatever they installed for themselves.
    """

    python: Path
    home: Path
    source: Path = BACKEND
    users_own: bool = False

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Return the command line of the model's side. `-P`: nothing in the current folder can shadow a module."""
        return [str(self.python), "-P", "-m", "rsgpt_backend", *arguments]

    def variables(self) -> dict[str, str]:
        """Return the whole environment for `command`; nothing in it may reach for the network."""
        offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
        ours = {"PYTHONPATH": str(self.source), "RSGPT_HOME": str(self.home)}
        if not self.users_own:
            return child_process.clean_environment({**ours, **offline})
        return own_variables(self.python, {**ours, **offline})


def own_variables(python: Path, extra: dict[str, str]) -> dict[str, str]:
    """Return an environment in which a person's own interpreter finds what they installed for it."""
    kept = child_process.clean_environment(extra)
    kept.pop("PYTHONNOUSERSITE")
    # A conda environment that nobody has activated finds its libraries along these alone.
    folders = [python.parent, python.parent / "Library" / "bin", python.parent / "Scripts"]
    found = [str(folder) for folder in folders if os.name == "nt" and folder.is_dir()]
    kept["PATH"] = os.pathsep.join([*found, kept.get("PATH", "")])
    return kept
