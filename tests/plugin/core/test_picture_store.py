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


def test_a_picture_that_is_stored_again_keeps_its_pixels(tmp_path: Path) -> None:
    with PictureStore(tmp_path / "p.sqlite", 1000) as store:
        store.put("a", b"first")
        store.put("a", b"second, which has the same pixels")
        assert store.get("a") == b"first"


def test_pictures_up_to_the_limit_are_kept(tmp_path: Path) -> None:
    with PictureStore(tmp_path / "p.sqlite", 100) as store:
        for name in "abcd":
            store.put(name, bytes(25))
        assert all(store.get(name) for name in "abcd")
        store.put("e", b"1")
        kept = [name for name in "abcde" if store.get(name)]
        assert kept == ["b", "c", "d", "e"]  # 76 bytes; the limit leaves 90


def test_a_picture_larger_than_the_limit_leaves_no_picture(tmp_path: Path) -> None:
    with PictureStore(tmp_path / "p.sqlite", 100) as store:
        store.put("a", bytes(50))
        store.put("large", bytes(500))
        assert [name for name in ("a", "large") if store.get(name)] == []
        store.put("b", bytes(50))
        assert store.get("b") == bytes(50)


def test_a_smaller_limit_takes_effect_with_the_next_picture(tmp_path: Path) -> None:
    with PictureStore(tmp_path / "p.sqlite", 1000) as store:
        for name in "abcd":
            store.put(name, bytes(25))
    with PictureStore(tmp_path / "p.sqlite", 60) as store:
        assert all(store.get(name) for name in "abcd")
        store.put("e", bytes(25))
        assert [name for name in "abcde" if store.get(name)] == ["d", "e"]


def test_pictures_of_another_window_count_towards_the_limit(tmp_path: Path) -> None:
    with PictureStore(tmp_path / "p.sqlite", 100) as first, PictureStore(tmp_path / "p.sqlite", 100) as second:
        first.put("a", bytes(60))
        second.put("b", bytes(60))
        second.put("c", bytes(60))  # the second window counts 120 bytes of its own, and finds 180
        assert [name for name in "abc" if first.get(name)] == ["c"]
