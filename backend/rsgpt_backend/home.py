"""The folder of the backend's own files: caches and unpacked language models."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def home() -> Path:
    """Return RSGPT_HOME, or a folder in the user's cache if the variable is not set."""
    folder = os.environ.get("RSGPT_HOME")
    if folder:
        return Path(folder)
    caches = {"win32": "AppData/Local", "darwin": "Library/Caches"}
    return Path.home() / caches.get(sys.platform, ".cache") / "rsgpt"
