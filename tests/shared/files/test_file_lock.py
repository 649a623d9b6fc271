"""File locks: one owner, released when it ends."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from rsgpt_plugin.shared.files import file_lock
from rsgpt_plugin.shared.files.file_lock import FileLock
from tests.layout.source import ROOT

_HOLD = (
    "import sys; from pathlib import Path; from rsgpt_plugin.shared.files.file_lock import FileLock\n"
    "lock = FileLock(Path(sys.argv[1])); print(lock.take(), flush=True); sys.stdin.read()"
)


def test_a_lock_has_one_owner_and_removes_its_file(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.take()
    assert not second.take()
    first.release()
    assert list(tmp_path.iterdir()) == []
    assert second.take()
    second.release()
    second.release()


def test_the_lock_of_a_killed_owner_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", _HOLD, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "True\n"
        lock = FileLock(path)
        assert not lock.take()
        owner.kill()
        owner.wait()
    assert path.exists()
    assert lock.take()
    lock.release()


def test_without_lock_support_every_take_succeeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(handle: IO[str]) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(file_lock, "acquire", unsupported)
    lock = FileLock(tmp_path / "a.lock")
    assert lock.take()
    lock.release()
    assert list(tmp_path.iterdir()) == []
