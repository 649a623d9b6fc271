"""Keep memory that is freed, where the C library can be told to. It knows no tensors.

PyTorch asks for every intermediate result anew and frees it. By default glibc hands each large piece back to the kernel
at once, which fills the next one with zeros: half of a training's time on CPUs.
"""

from __future__ import annotations

import ctypes
import sys

_MMAP_MAX = -4  # option of mallopt: how many pieces of memory may come straight from the kernel
_TRIM_THRESHOLD = -1  # option of mallopt: bytes that may lie free at the top of the heap
_MOST = 2**31 - 1


def retain_freed_memory() -> None:
    """From now on, for the whole process. Does nothing where there is no glibc."""
    library = _glibc()
    if library:
        library.mallopt(_MMAP_MAX, 0)
        library.mallopt(_TRIM_THRESHOLD, _MOST)


def trim_heap() -> None:
    """Hand what is free now to the kernel: pieces of many sizes leave gaps, and the process would grow without end."""
    library = _glibc()
    if library:
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None
