"""Freed memory stays in the process until the heap is trimmed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="requires glibc")

BACKEND = Path(__file__).parents[4] / "backend"
SIZE = 64 << 20  # bytes
PAGES = SIZE // 4096
PROGRAM = f"""
import ctypes, resource
from rsgpt_backend.model.hardware.heap import retain_freed_memory, trim_heap

library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
library.malloc.argtypes = [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
library.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]

def use():
    block = library.malloc({SIZE})
    library.memset(block, 1, {SIZE})
    return block

def faults(work):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    work()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    return int(open("/proc/self/statm").read().split()[1])

without = faults(lambda: [library.free(use()) for _ in range(5)])
retain_freed_memory()
library.free(use())
retained = faults(lambda: [library.free(use()) for _ in range(5)])
before = resident()
trim_heap()
print(without, retained, before - resident())
"""


def test_freed_memory_is_reused_and_returned_on_trim() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=BACKEND, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    without, retained, returned = map(int, done.stdout.split())
    assert without > 3 * PAGES / 512  # 512: a huge page has 512 pages
    assert retained < without / 10
    assert returned > PAGES / 2
