"""Freed memory stays with the process, until it is given back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be told to keep memory")

BACKEND = Path(__file__).parents[4] / "backend"
SIZE = 64 << 20  # bytes
PAGES = SIZE // 4096
PROGRAM = f"""
import ctypes, resource
from rsgpt_backend.model.heap import give_back, keep_freed

library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
library.malloc.argtypes = [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
library.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]

def use():
    piece = library.malloc({SIZE})
    library.memset(piece, 1, {SIZE})
    return piece

def faults(work):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    work()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    return int(open("/proc/self/statm").read().split()[1])

without = faults(lambda: [library.free(use()) for _ in range(5)])
keep_freed()
library.free(use())
kept = faults(lambda: [library.free(use()) for _ in range(5)])
held = resident()
give_back()
print(without, kept, held - resident())
"""


def test_freed_memory_is_used_again_and_given_back_when_told() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=BACKEND, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    without, kept, returned = map(int, done.stdout.split())
    assert without > 3 * PAGES / 512  # 512: a page may be a huge one
    assert kept < without / 10
    assert returned > PAGES / 2
