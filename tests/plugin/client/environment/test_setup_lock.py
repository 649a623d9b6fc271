"""The set-up lock has one owner at a time, also between processes, and is free again after any end of its owner."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsgpt_plugin.client.environment.setup_lock import exclusive_lock
from rsgpt_plugin.errors import SetupError

ROOT = Path(__file__).resolve().parents[4]
OWNER = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from rsgpt_plugin.client.environment.setup_lock import exclusive_lock
with exclusive_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "env.lock"


@pytest.fixture
def owner(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its stdin is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def locked_by_us(path: Path) -> bool:
    try:
        with exclusive_lock(path):
            return True
    except SetupError:
        return False


def test_the_lock_creates_its_folder_and_records_its_owner(path: Path) -> None:
    with exclusive_lock(path):
        assert path.exists()
        assert path.with_suffix(".pid").read_text("ascii") == str(os.getpid())


def test_a_lock_of_another_process_is_refused_with_its_process_id(path: Path, owner: subprocess.Popen[str]) -> None:
    with pytest.raises(SetupError) as caught, exclusive_lock(path):
        pytest.fail("the lock has two owners")
    assert f"(process {owner.pid})" in str(caught.value)
    assert "Wait until it is done" in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)
    assert path.with_suffix(".pid").read_text("ascii") == str(owner.pid)  # the refused process leaves no trace


def test_an_owner_without_a_record_is_called_unknown(path: Path, owner: subprocess.Popen[str]) -> None:
    path.with_suffix(".pid").unlink()
    with pytest.raises(SetupError, match=r"\(process unknown\)"), exclusive_lock(path):
        pytest.fail("the lock has two owners")


def test_the_lock_of_a_process_that_ended_is_free(path: Path, owner: subprocess.Popen[str]) -> None:
    owner.communicate("")
    assert locked_by_us(path)


def test_the_lock_of_a_killed_process_is_free(path: Path, owner: subprocess.Popen[str]) -> None:
    owner.kill()
    owner.communicate()
    assert locked_by_us(path)


def test_an_exception_releases_the_lock_and_is_passed_on(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), exclusive_lock(path):
        raise ZeroDivisionError
    assert locked_by_us(path)
