"""A file is hashed again only if it has changed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from rsgpt_backend.model import hashes
from rsgpt_backend.model.hashes import file_sha256, joint_sha256, remembered_sha256


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two files that are an hour old."""
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_bytes(path.name.encode() * 1000)
        os.utime(path, (path.stat().st_mtime - 3600,) * 2)
    return paths


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that collects the names of the files that are hashed."""
    names: list[str] = []

    def counted(path: Path) -> str:
        names.append(path.name)
        return file_sha256(path)

    monkeypatch.setattr(hashes, "file_sha256", counted)
    return names


def test_joint_hash_is_the_hash_of_the_hashes_in_order(files: list[Path]) -> None:
    each = "".join(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
    assert joint_sha256(files) == hashlib.sha256(each.encode()).hexdigest()


def test_unchanged_files_are_hashed_once(files: list[Path], tmp_path: Path, read: list[str]) -> None:
    first = remembered_sha256(files, tmp_path / "notes")
    assert remembered_sha256(files, tmp_path / "notes") == first == joint_sha256(files)
    assert read == ["a", "b"] * 2  # the second time by joint_sha256 above


@pytest.mark.parametrize("change", ["longer", "newer", "another file"])
def test_changed_files_are_hashed_again(files: list[Path], tmp_path: Path, change: str) -> None:
    first = remembered_sha256(files, tmp_path / "notes")
    state = files[1].stat()
    if change == "longer":
        files[1].write_bytes(b"b" * 1001)
        os.utime(files[1], ns=(state.st_atime_ns, state.st_mtime_ns))
    elif change == "newer":
        files[1].write_bytes(b"c" * 1000)
    else:
        (tmp_path / "c").write_bytes(b"c" * 1000)
        os.utime(tmp_path / "c", ns=(state.st_atime_ns, state.st_mtime_ns))
        (tmp_path / "c").replace(files[1])
    assert remembered_sha256(files, tmp_path / "notes") == joint_sha256(files) != first


def test_hash_of_a_recent_file_is_not_cached(files: list[Path], tmp_path: Path, read: list[str]) -> None:
    files[0].write_bytes(b"now")
    for _ in range(2):
        remembered_sha256(files, tmp_path / "notes")
    assert read == ["a", "b"] * 2


@pytest.mark.parametrize("note", [b"", b"[]", b'{"files": []}', b'{"sha256": 7}'])
def test_damaged_cache_entry_is_ignored(files: list[Path], tmp_path: Path, note: bytes) -> None:
    remembered_sha256(files, tmp_path / "notes")
    (file,) = (tmp_path / "notes").iterdir()
    file.write_bytes(note)
    assert remembered_sha256(files, tmp_path / "notes") == joint_sha256(files)


def test_files_are_hashed_each_time_if_the_cache_cannot_be_written(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("a file")
    assert remembered_sha256(files, tmp_path / "notes") == joint_sha256(files)
