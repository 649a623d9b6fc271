"""Picture store: storing, dropping and clearing pictures."""

from __future__ import annotations

from pathlib import Path

from rsgpt_plugin.core.picture_store import PictureStore


def test_pictures_are_stored_across_reopening(tmp_path: Path) -> None:
    with PictureStore(tmp_path / "p.sqlite", 1000) as store:
        store.put("a", b"png")
    with PictureStore(tmp_path / "p.sqlite", 1000) as store:
        assert (store.get("a"), store.get("b")) == (b"png", None)


def test_least_recently_used_pictures_are_dropped(tmp_path: Path) -> None:
    with PictureStore(tmp_path / "p.sqlite", 100) as store:
        for name in "abcd":
            store.put(name, bytes(25))
        store.put("a", bytes(25))
        store.put("e", bytes(25))
        assert [name for name in "abcde" if store.get(name)] == ["a", "d", "e"]


def test_two_windows_share_the_store(tmp_path: Path) -> None:
    with PictureStore(tmp_path / "p.sqlite", 1000) as first, PictureStore(tmp_path / "p.sqlite", 1000) as second:
        first.put("a", b"1")
        second.put("b", b"2")
        assert (first.get("b"), second.get("a")) == (b"2", b"1")


def test_opening_a_store_reads_no_pictures(tmp_path: Path) -> None:
    with PictureStore(tmp_path / "p.sqlite", 1000) as store:
        ((*_, plan),) = store._database.read("EXPLAIN QUERY PLAN SELECT coalesce(sum(bytes), 0) FROM pictures")
        assert "COVERING INDEX" in plan


def test_clear_empties_and_shrinks_the_file(tmp_path: Path) -> None:
    path = tmp_path / "p.sqlite"
    with PictureStore(path, 10**7) as store:
        store.put("a", bytes(10**6))
        store.clear()
        assert store.get("a") is None
        store.put("b", b"png")
        assert store.get("b") == b"png"
    assert path.stat().st_size < 10**5
