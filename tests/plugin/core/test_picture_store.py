"""The picture store: what it keeps, and what it drops."""

from __future__ import annotations

from pathlib import Path

from rsgpt_plugin.core.picture_store import PictureStore


def test_a_picture_comes_back_after_reopening(tmp_path: Path) -> None:
    with PictureStore(tmp_path / "p.sqlite", 1000) as store:
        store.put("a", b"png")
    with PictureStore(tmp_path / "p.sqlite", 1000) as store:
        assert (store.get("a"), store.get("b")) == (b"png", None)


def test_those_used_longest_ago_make_room(tmp_path: Path) -> None:
    with PictureStore(tmp_path / "p.sqlite", 100) as store:
        for name in "abcd":
            store.put(name, bytes(25))
        store.put("a", bytes(25))
        store.put("e", bytes(25))
        assert [name for name in "abcde" if store.get(name)] == ["a", "d", "e"]


def test_two_windows_share_a_store(tmp_path: Path) -> None:
    with PictureStore(tmp_path / "p.sqlite", 1000) as one, PictureStore(tmp_path / "p.sqlite", 1000) as other:
        one.put("a", b"1")
        other.put("b", b"2")
        assert (one.get("b"), other.get("a")) == (b"2", b"1")


def test_to_open_a_store_reads_no_picture(tmp_path: Path) -> None:
    with PictureStore(tmp_path / "p.sqlite", 1000) as store:
        ((*_, plan),) = store._database.read("EXPLAIN QUERY PLAN SELECT coalesce(sum(bytes), 0) FROM pictures")
        assert "COVERING INDEX" in plan


def test_cleared_it_is_empty_and_small(tmp_path: Path) -> None:
    path = tmp_path / "p.sqlite"
    with PictureStore(path, 10**7) as store:
        store.put("a", bytes(10**6))
        store.clear()
        assert store.get("a") is None
        store.put("b", b"png")
        assert store.get("b") == b"png"
    assert path.stat().st_size < 10**5
