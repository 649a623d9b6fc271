"""Atomic replacement of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsgpt_plugin.shared.files.atomic_file import replace_atomically


def test_the_file_is_replaced_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("before")
    with replace_atomically(path) as draft:
        draft.write_text("after")
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_block_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("before")

    def write_half() -> None:
        with replace_atomically(path) as draft:
            draft.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_symlink_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    path, link = tmp_path / "a.json", tmp_path / "link.json"
    path.write_text("before")
    link.symlink_to(path)
    with replace_atomically(link) as draft:
        draft.write_text("after")
    assert link.is_symlink()
    assert path.read_text() == "after"
