"""File locks of the operating system, which end with the process that holds them."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Optional

if sys.platform == "win32":
    import msvcrt

    def acquire(handle: IO[str]) -> None:
        """Lock an open file until it is closed. Raises OSError if another process holds the lock."""
        handle.seek(0)
        msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def acquire(handle: IO[str]) -> None:
        """Lock an open file until it is closed. Raises OSError if another process holds the lock."""
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """Locks `path` from `take` to `release`, which removes the file. Has no effect on file systems without locks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: Optional[IO[str]] = None

    def take(self) -> bool:
        """Take the lock; return False if another process holds it."""
        while self._handle is None:
            handle = self._path.open("a", encoding="ascii")
            try:
                acquire(handle)
                if self._is_current(handle):
                    self._handle = handle
            except (BlockingIOError, PermissionError):
                handle.close()
                return False
            except OSError:  # a file system without locks, such as some network drives
                self._handle = handle
            if self._handle is None:  # the previous owner removed the file meanwhile
                handle.close()
        return True

    def release(self) -> None:
        """Release the lock and remove its file."""
        if self._handle is None:
            return
        if sys.platform == "win32":  # Windows cannot remove open files
            self._handle.close()
            with suppress(OSError):
                self._path.unlink()
        else:
            self._path.unlink(missing_ok=True)
            self._handle.close()
        self._handle = None

    def _is_current(self, handle: IO[str]) -> bool:
        """Return whether the path still refers to the locked file."""
        try:
            return os.path.samestat(os.fstat(handle.fileno()), self._path.stat())
        except FileNotFoundError:
            return False
