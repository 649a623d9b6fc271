"""A file that is there whole or not at all, whenever its writer is killed. Knows no format."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A draft beside `path`, to be written by the block; at its end the draft takes the place of `path`.

    The draft is removed where the block fails; then what was there stays.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        yield draft
        os.replace(draft, os.path.realpath(path))
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
