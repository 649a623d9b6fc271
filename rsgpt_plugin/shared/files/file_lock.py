"""A file lock of the operating system: it ends with the process that holds it, so a dead owner holds nothing."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Optional

if sys.platform == "win32":
    import msvcrt

    def acquire(handle: IO[str]) -> None:
        """Lock an open file until it is closed; OSError where another process holds it."""
        handle.seek(0)
        msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def acquire(handle: IO[str]) -> None:
        """Lock an open file until it is closed; OSError where another process holds it."""
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """Holds `path` from `take` to `release`, which removes it. It keeps nobody out where a file system has no locks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: Optional[IO[str]] = None

    def take(self) -> bool:
        """Take the lock; False where another process has it."""
        while self._handle is None:
            handle = self._path.open("a", encoding="ascii")
            try:
                acquire(handle)
                if self._is_there(handle):
                    self._handle = handle
            except (BlockingIOError, PermissionError):
                handle.close()
                return False
            except OSError:  # a file system without locks, such as some network drives: nothing can hold it there
                self._handle = handle
            if self._handle is None:  # its owner has removed it meanwhile
                handle.close()
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._handle is None:
            return
        if sys.platform == "win32":  # an open file cannot be removed there
            self._handle.close()
            with suppress(OSError):
                self._path.unlink()
        else:
            self._path.unlink(missing_ok=True)
            self._handle.close()
        self._handle = None

    def _is_there(self, handle: IO[str]) -> bool:
        """Whether the locked file is still the one of that name."""
        try:
            return os.path.samestat(os.fstat(handle.fileno()), self._path.stat())
        except FileNotFoundError:
            return False
