"""What the plugin keeps on disk: how much it is, and taking it away. Knows no widget."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from qgis.PyQt.QtCore import QCoreApplication

from ...client.environment.environment import ManagedEnvironment
from ...client.preferences import load
from ...client.server.local_server import stop_shared_servers
from ...core import paths
from ...core.answer_cache import AnswerCache
from ...core.picture_store import PictureStore
from ..background_task import BackgroundTask

translate = QCoreApplication.translate


class StoredKind(Enum):
    """What can be taken away by itself."""

    ENVIRONMENT = "environment"
    ANSWERS = "answers"
    PICTURES = "pictures"
    FEATURES = "features"


def sizes() -> BackgroundTask:
    """Return the work that ends with the bytes of each Kept; it looks at every file."""
    return BackgroundTask(
        translate("Rsgpt", "RSGPT: measuring what it keeps"), lambda work: {kept: _size(kept) for kept in StoredKind}
    )


def clear(kept: StoredKind) -> BackgroundTask:
    """Return the work that takes one of them away and ends with the bytes of each."""

    def remove(work: BackgroundTask) -> dict[StoredKind, int]:
        if kept is StoredKind.ENVIRONMENT:
            stop_shared_servers()
            ManagedEnvironment(paths.home()).remove()
        elif kept is StoredKind.ANSWERS and paths.cache_file().exists():
            with AnswerCache(paths.cache_file()) as answers:
                answers.clear()
        elif kept is StoredKind.PICTURES and paths.picture_file().exists():
            with PictureStore(paths.picture_file(), load().picture_bytes) as pictures:
                pictures.clear()
        elif kept is StoredKind.FEATURES:
            # A model that runs may put another file there meanwhile; what stays for it goes the next time.
            shutil.rmtree(paths.feature_folder(), ignore_errors=True)
        return {one: _size(one) for one in StoredKind}

    return BackgroundTask(translate("Rsgpt", "RSGPT: taking away what it keeps"), remove)


def _size(kept: StoredKind) -> int:
    if kept is StoredKind.ENVIRONMENT:
        return sum(_bytes_below(folder) for folder in ManagedEnvironment(paths.home()).parts())
    if kept is StoredKind.FEATURES:
        return _bytes_below(paths.feature_folder())
    file = paths.cache_file() if kept is StoredKind.ANSWERS else paths.picture_file()
    return _bytes_of(file.with_name(file.name + ending) for ending in ("", "-wal", "-shm"))


def _bytes_below(folder: Path) -> int:
    return sum(_bytes_of(Path(place) / name for name in names) for place, _, names in os.walk(folder))


def _bytes_of(files: Iterable[Path]) -> int:
    return sum(file.lstat().st_size for file in files if os.path.lexists(file))
