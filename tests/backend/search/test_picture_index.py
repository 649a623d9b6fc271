"""The index keeps rows by picture and model, and forgets a source whose file has changed."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from rsgpt_backend.errors import DataError
from rsgpt_backend.search.picture_index import KnownSource, PictureIndex, index_bytes, index_file

ROW = np.array([0.5, -0.25, 1.0], np.float16)


def test_rows_are_kept_by_picture_and_model(tmp_path: Path) -> None:
    path = tmp_path / "new" / "search.sqlite"
    with PictureIndex(path, "a") as index:
        index.add({"p": ROW}, [KnownSource("/1.png", "v1", "p"), KnownSource("/empty.tif", "v1", "")])
    with PictureIndex(path, "a") as index:
        assert index.rows(["p", "q"])["p"].tolist() == ROW.tolist()
        assert index.known(["p", "q"]) == {"p"}
        assert index.pictures({"/1.png": "v1", "/empty.tif": "v1", "/2.png": "v1"}) == {"/1.png": "p", "/empty.tif": ""}
        assert index.pictures({"/1.png": "v2"}) == {}
    with PictureIndex(path, "b") as index:
        assert index.pictures({"/1.png": "v1"}) == {}
        assert index.rows(["p"]) == {}


def test_more_pictures_than_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rsgpt_backend.search.picture_index._PAGE", 2)
    with PictureIndex(tmp_path / "search.sqlite", "a") as index:
        index.add({str(number): ROW for number in range(5)}, [])
        assert set(index.rows([str(number) for number in range(7)])) == set("01234")


def test_a_process_that_is_killed_while_it_adds_loses_only_that_batch(tmp_path: Path) -> None:
    path = tmp_path / "search.sqlite"
    with PictureIndex(path, "a") as index:
        index.add({"p": ROW}, [])
        with pytest.raises(AttributeError):
            index.add({"q": ROW, "r": None}, [])  # type: ignore[dict-item]
    with PictureIndex(path, "a") as index:
        assert index.known(["p", "q"]) == {"p"}


def test_several_processes_share_the_file(tmp_path: Path) -> None:
    path = tmp_path / "search.sqlite"
    with PictureIndex(path, "a") as one, PictureIndex(path, "a") as other:
        one.add({"p": ROW}, [])
        other.add({"p": ROW, "q": ROW}, [])
        assert one.known(["p", "q"]) == {"p", "q"}


def test_a_file_name_that_is_no_text(tmp_path: Path) -> None:
    place = os.fsdecode(b"/caf\xe9.png")
    with PictureIndex(tmp_path / "search.sqlite", "a") as index:
        index.add({"p": ROW, "q": ROW}, [KnownSource("/1.png", "v1", "p"), KnownSource(place, "v1", "q")])
        assert index.pictures({"/1.png": "v1", place: "v1"}) == {"/1.png": "p", place: "q"}


def test_a_damaged_file_is_reported_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "search.sqlite"
    path.write_bytes(b"not a database, and long enough to be read as one" * 100)
    with pytest.raises(DataError, match="delete the file"):
        PictureIndex(path, "a")


def test_a_file_of_another_version_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "search.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 9")
    database.close()
    with pytest.raises(DataError, match="another version"):
        PictureIndex(path, "a")


def test_the_size_on_disk() -> None:
    assert index_bytes() == 0
    with PictureIndex(index_file(), "a") as index:
        index.add({"p": np.zeros(100_000, np.float16)}, [])
        assert index_bytes() > 200_000
