"""The files of a model folder, which others may have written: no path leads out of it, and only plain files are opened.

It knows no tensors. A library is handed a file only after it was checked here.
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

_LARGEST_JSON = 16_000_000  # bytes; the list of a model's 1,000 shards has less than one
_LONGEST_REASON = 200  # characters


def inside(folder: Path, name: str) -> Path:
    """The path that a file of a folder names. ModelError where it leads out of the folder, by its name or by a link."""
    if not is_relative(name):
        raise ModelError(f"{folder} names {name!r}, which is no path inside it. Get the model from another source.")
    path = folder / name
    try:
        target = path.resolve()
        is_inside = any(target.is_relative_to(root) for root in _roots(folder.resolve()))
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, or a name that no file can have
        raise ModelError(f"{path} cannot be found ({_reason(error)}). Install the model again.") from error
    if not is_inside:
        raise ModelError(f"{path} is a link out of its folder and is not followed. Copy the file itself there.")
    return path


def plain_file(folder: Path, name: str) -> Path:
    """The same, for a file: no folder, device or pipe, from which reading might never end."""
    path = inside(folder, name)
    if not path.is_file():
        raise ModelError(f"{path} is missing or no plain file. Install the model again.")
    return path


def plain_files(folder: Path, suffix: str) -> list[Path]:
    """All files of a folder with this suffix, in the order of their names."""
    return [plain_file(folder, path.name) for path in sorted(folder.glob(f"*{suffix}"))]


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """The object that a JSON file of a folder holds."""
    path = plain_file(folder, name)
    try:
        if path.stat().st_size > _LARGEST_JSON:
            raise ValueError("it is too large")
        data = parse_json(path.read_bytes())
        if not isinstance(data, dict):
            raise ValueError("it holds no object")
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({_reason(error)}). Install the model again.") from error
    return data


@contextmanager
def opening(path: Path, what: str) -> Iterator[None]:
    """Whatever a library raises while it reads files of a folder becomes a sentence. what: what the folder lacks then.

    Errors of our own pass as they are.
    """
    try:
        yield
    except RsgptError:
        raise
    except Exception as error:  # the border to libraries that read what others wrote: on damaged files they raise any
        reason = _reason(error)
        raise ModelError(f"{path} holds no {what} that can be read ({reason}). Install the model again.") from error


def is_relative(name: str) -> bool:
    """Whether a path is a plain relative one on every platform, without `..` and control characters."""
    if not name or not name.isprintable() or PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor:
        return False
    return ".." not in re.split(r"[/\\]", name)


def _roots(folder: Path) -> Iterator[Path]:
    """Where the files of a folder may lie: in it, or in the store that Hugging Face's cache links them from.

    folder: REPOSITORY/snapshots/REVISION or a folder in it; the files are in REPOSITORY/blobs.
    """
    yield folder
    for parent in list(folder.parents)[:2]:
        if parent.name == "snapshots":
            yield parent.parent / "blobs"


def _reason(error: Exception) -> str:
    """The first line of what an error says, not too long."""
    lines = f"{'unknown name ' if isinstance(error, KeyError) else ''}{error}".strip().splitlines()
    return one_line(lines[0])[:_LONGEST_REASON] if lines else type(error).__name__


def exists(path: Path) -> bool:
    """Whether there is anything of that name, a link to nothing included."""
    return path.exists() or path.is_symlink()
