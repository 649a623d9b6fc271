"""Whether a command may write a file: an input is never its output, nor is what another program wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from rsgpt_plugin.shared.files.atomic_file import replace_atomically
from rsgpt_plugin.shared.files.source_files import overwritten_input

from ..errors import UsageError

_BEGINNING = 1 << 16  # bytes


def check_file(path: Path, inputs: Iterable[Path], is_ours: Callable[[Path], bool]) -> None:
    """UsageError where `path` is one of the inputs, lies in no folder, or is a file that is not ours."""
    if not path.parent.is_dir():
        raise UsageError(f"The folder {path.parent} is not there. Make it, then run again.")
    if path.is_dir():
        raise UsageError(f"{path} is a folder. Give the name of a file.")
    read = overwritten_input(path, map(str, inputs))
    if read is not None:
        raise UsageError(f"{path} would replace {read}, which this command reads. Give another file.")
    if path.exists() and path.stat().st_size and not is_ours(path):
        raise UsageError(f"{path} was not written by this command and would be replaced. Give another file.")


def begins_with(mark: str) -> Callable[[Path], bool]:
    """Whether a file has `mark` in its beginning."""

    def has_mark(path: Path) -> bool:
        with path.open("rb") as file:
            return mark.encode() in file.read(_BEGINNING)

    return has_mark


def write_text(path: Path, text: str) -> None:
    """Write UTF-8, whole or not at all."""
    with replace_atomically(path) as draft:
        draft.write_text(text, encoding="utf-8")
