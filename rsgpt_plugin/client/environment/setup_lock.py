"""A lock between processes that the operating system releases if its owner dies."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ...errors import SetupError
from ...shared.files.file_lock import acquire
from ...shared.i18n import translate


@contextlib.contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Lock `path` for the duration. Raises SetupError with the owner's process id if it is already locked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="ascii") as handle:
        try:
            acquire(handle)
        except OSError as error:
            owner = path.with_suffix(".pid")
            number = owner.read_text("ascii") if owner.exists() else "unknown"
            raise SetupError(
                translate(
                    "Rsgpt",
                    "Another window (process {number}) is setting up the model. Wait until it is done, then try again.",
                ).format(number=number)
            ) from error
        path.with_suffix(".pid").write_text(str(os.getpid()), "ascii")
        yield
