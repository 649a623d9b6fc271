"""The folder that the backend keeps its own files in."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def home() -> Path:
    """Where the backend keeps what it makes: RSGPT_HOME, else a folder in the user's cache."""
    given = os.environ.get("RSGPT_HOME")
    if given:
        return Path(given)
    caches = {"win32": "AppData/Local", "darwin": "Library/Caches"}
    return Path.home() / caches.get(sys.platform, ".cache") / "rsgpt"
