"""Checks before a command writes a file: it must not replace an input or a file of another program."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from rsgpt_plugin.shared.files.atomic_file import replace_atomically
from rsgpt_plugin.shared.files.source_files import overwritten_input

from ..errors import UsageError

_HEAD_SIZE = 1 << 16  # bytes


def check_file(path: Path, inputs: Iterable[Path], is_ours: Callable[[Path], bool]) -> None:
    """Raise UsageError if `path` is an input, its folder is missing, or `is_ours` rejects the existing file."""
    if not path.parent.is_dir():
        raise UsageError(f"The folder {path.parent} does not exist. Create it, then run again.")
    if path.is_dir():
        raise UsageError(f"{path} is a folder. Give a file name.")
    read = overwritten_input(path, map(str, inputs))
    if read is not None:
        raise UsageError(f"{path} would replace {read}, which this command reads. Give another file.")
    if path.exists() and path.stat().st_size and not is_ours(path):
        raise UsageError(f"{path} was not written by this command and would be replaced. Give another file.")


def has_in_head(mark: str) -> Callable[[Path], bool]:
    """Return a check whether the first 64 KiB of a file contain `mark`."""

    def has_mark(path: Path) -> bool:
        with path.open("rb") as file:
            return mark.encode() in file.read(_HEAD_SIZE)

    return has_mark


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8, atomically."""
    with replace_atomically(path) as draft:
        draft.write_text(text, encoding="utf-8")
