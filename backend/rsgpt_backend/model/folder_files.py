"""Safe access to the files of an untrusted model folder.

Paths must stay inside the folder, and only regular files are opened. Check a file here before a library opens it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from rsgpt_plugin.shared.text import one_line

from ..errors import ModelError, RsgptError
from ..strict_json import parse_json

_MAX_JSON_BYTES = 16_000_000  # the index of a model with 1,000 shards has less than 1 MB
_MAX_REASON_LENGTH = 200


def path_inside(folder: Path, name: str) -> Path:
    """Return the path of a name in a folder. Raises ModelError if it leaves the folder, by its name or by a link."""
    if not is_relative(name):
        raise ModelError(
            f"{folder} refers to {name!r}, which is not a path inside it. Get the model from another source."
        )
    path = folder / name
    try:
        target = path.resolve()
        is_inside = any(target.is_relative_to(root) for root in _roots(folder.resolve()))
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, or an invalid file name
        raise ModelError(f"{path} cannot be found ({_reason(error)}). Install the model again.") from error
    if not is_inside:
        raise ModelError(f"{path} is a link out of its folder and is not followed. Replace the link by the file.")
    return path


def regular_file(folder: Path, name: str) -> Path:
    """Return the path of a regular file in a folder. Raises ModelError for a device or pipe, which may never end."""
    path = path_inside(folder, name)
    if not path.is_file():
        raise ModelError(f"{path} is missing or not a regular file. Install the model again.")
    return path


def regular_files(folder: Path, suffix: str) -> list[Path]:
    """Return all files of a folder with this suffix, sorted by name."""
    return [regular_file(folder, path.name) for path in sorted(folder.glob(f"*{suffix}"))]


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """Return the object in a JSON file of a folder. Raises ModelError if the file cannot be read."""
    path = regular_file(folder, name)
    try:
        if path.stat().st_size > _MAX_JSON_BYTES:
            raise ValueError("it is too large")
        data = parse_json(path.read_bytes())
        if not isinstance(data, dict):
            raise ValueError("it does not contain an object")
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({_reason(error)}). Install the model again.") from error
    return data


@contextmanager
def as_model_error(path: Path, content: str) -> Iterator[None]:
    """Turn any error that a library raises on damaged files into a ModelError; RsgptErrors pass unchanged.

    content: a noun for the content of the file, for example "tokenizer".
    """
    try:
        yield
    except RsgptError:
        raise
    except Exception as error:  # libraries raise errors of any type on damaged files
        reason = _reason(error)
        raise ModelError(f"{path} has no readable {content} ({reason}). Install the model again.") from error


def is_relative(name: str) -> bool:
    """Return whether a path is relative on every platform, without `..` and control characters."""
    if not name or not name.isprintable() or PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor:
        return False
    return ".." not in re.split(r"[/\\]", name)


def _roots(folder: Path) -> Iterator[Path]:
    """Yield the folders that files may be in: the folder, and the blobs that Hugging Face's cache links to.

    In that cache, REPOSITORY/snapshots/REVISION contains links to files in REPOSITORY/blobs.
    """
    yield folder
    for parent in list(folder.parents)[:2]:
        if parent.name == "snapshots":
            yield parent.parent / "blobs"


def _reason(error: Exception) -> str:
    lines = f"{'unknown name ' if isinstance(error, KeyError) else ''}{error}".strip().splitlines()
    return one_line(lines[0])[:_MAX_REASON_LENGTH] if lines else type(error).__name__


def exists(path: Path) -> bool:
    """Return whether a path exists, including a broken link."""
    return path.exists() or path.is_symlink()
