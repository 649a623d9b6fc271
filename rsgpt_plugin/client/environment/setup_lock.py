"""One process at a time, held by the operating system's file locks, so that a dead owner holds nothing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ...errors import SetupError
from ...shared.files.file_lock import acquire
from ...shared.i18n import translate


@contextlib.contextmanager
def sole_owner(path: Path) -> Iterator[None]:
    """Hold `path` for the duration; SetupError with the owner's process number where another one holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="ascii") as handle:
        try:
            acquire(handle)
        except OSError as error:
            owner = path.with_suffix(".pid")
            number = owner.read_text("ascii") if owner.exists() else "unknown"
            raise SetupError(
                translate(
                    "Rsgpt", "Another window (process {number}) is setting up the model. Wait for it, then try again."
                ).format(number=number)
            ) from error
        path.with_suffix(".pid").write_text(str(os.getpid()), "ascii")
        yield
