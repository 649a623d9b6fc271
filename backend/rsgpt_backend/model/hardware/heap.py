"""Control of glibc's heap: keep freed memory for reuse, or return it to the kernel.

PyTorch allocates and frees every intermediate result. By default, glibc returns each large block to the kernel at once,
which fills the next one with zeros; on CPUs, this takes half of the training time.
"""

from __future__ import annotations

import ctypes
import sys

_MMAP_MAX = -4  # option of mallopt: maximum number of blocks that come directly from the kernel
_TRIM_THRESHOLD = -1  # option of mallopt: maximum free bytes at the top of the heap
_MAX_INT = 2**31 - 1


def retain_freed_memory() -> None:
    """Keep freed memory for reuse from now on, in the whole process. Does nothing without glibc."""
    library = _glibc()
    if library:
        library.mallopt(_MMAP_MAX, 0)
        library.mallopt(_TRIM_THRESHOLD, _MAX_INT)


def trim_heap() -> None:
    """Return free memory to the kernel. Without this, gaps between blocks would let the process grow without limit."""
    library = _glibc()
    if library:
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None
