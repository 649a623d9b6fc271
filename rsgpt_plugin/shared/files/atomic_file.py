"""Atomic replacement of files: a killed writer leaves the old file, never a partial one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replace_atomically(path: Path) -> Iterator[Path]:
    """Yield the path of a draft next to `path` and replace `path` with it when the block ends.

    If the block fails, the draft is removed and `path` stays unchanged.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        yield draft
        os.replace(draft, os.path.realpath(path))
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
