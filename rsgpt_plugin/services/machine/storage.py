"""Sizes of the data that the plugin stores on disk, and its removal."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from qgis.PyQt.QtCore import QCoreApplication

from ...client.environment.environment import ManagedEnvironment
from ...client.preferences import load
from ...client.server.local_server import stop_local_server
from ...core import paths
from ...core.answer_cache import AnswerCache
from ...core.picture_store import PictureStore
from ...core.search_index import SearchIndex
from ..background_task import BackgroundTask

translate = QCoreApplication.translate


class StoredKind(Enum):
    """A kind of stored data that can be cleared separately."""

    ENVIRONMENT = "environment"
    ANSWERS = "answers"
    PICTURES = "pictures"
    FEATURES = "features"
    SEARCH = "search"


def measure_sizes() -> BackgroundTask:
    """Return a task whose result is the size in bytes of each StoredKind. It visits every file."""
    return BackgroundTask(translate("Rsgpt", "RSGPT: measuring stored data"), lambda task: _sizes())


def clear(kind: StoredKind) -> BackgroundTask:
    """Return a task that clears one kind; its result is the size in bytes of each kind afterwards."""

    def remove(task: BackgroundTask) -> dict[StoredKind, int]:
        if kind is StoredKind.ENVIRONMENT:
            stop_local_server()
            ManagedEnvironment(paths.home()).remove()
        elif kind is StoredKind.ANSWERS and paths.cache_file().exists():
            with AnswerCache(paths.cache_file()) as answers:
                answers.clear()
        elif kind is StoredKind.PICTURES and paths.picture_file().exists():
            with PictureStore(paths.picture_file(), load().picture_bytes) as pictures:
                pictures.clear()
        elif kind is StoredKind.FEATURES:
            # A running model may write a file meanwhile. The next call removes it.
            shutil.rmtree(paths.feature_folder(), ignore_errors=True)
        elif kind is StoredKind.SEARCH and paths.search_file().exists():
            with SearchIndex(paths.search_file()) as index:
                index.clear()
        return _sizes()

    return BackgroundTask(translate("Rsgpt", "RSGPT: clearing stored data"), remove)


def _sizes() -> dict[StoredKind, int]:
    return {kind: _size(kind) for kind in StoredKind}


def _size(kind: StoredKind) -> int:
    if kind is StoredKind.ENVIRONMENT:
        return sum(_bytes_below(folder) for folder in ManagedEnvironment(paths.home()).parts())
    if kind is StoredKind.FEATURES:
        return _bytes_below(paths.feature_folder())
    databases = {
        StoredKind.ANSWERS: paths.cache_file(),
        StoredKind.PICTURES: paths.picture_file(),
        StoredKind.SEARCH: paths.search_file(),
    }
    return _bytes_of(_database_files(databases[kind]))


def _database_files(file: Path) -> list[Path]:
    return [file.with_name(file.name + suffix) for suffix in ("", "-wal", "-shm")]


def _bytes_below(folder: Path) -> int:
    return sum(_bytes_of(Path(parent) / name for name in names) for parent, _, names in os.walk(folder))


def _bytes_of(files: Iterable[Path]) -> int:
    return sum(file.lstat().st_size for file in files if os.path.lexists(file))
