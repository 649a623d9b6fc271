"""The index keeps rows by picture and model, and forgets a source whose file has changed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import rsgpt_backend
from rsgpt_backend.errors import DataError
from rsgpt_backend.search.picture_index import PictureIndex
from rsgpt_plugin.shared.files.search_index import KnownSource

BACKEND = Path(rsgpt_backend.__file__).parents[1]
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
    monkeypatch.setattr("rsgpt_plugin.shared.files.search_index._PAGE", 2)
    with PictureIndex(tmp_path / "search.sqlite", "a") as index:
        index.add({str(number): ROW for number in range(5)}, [])
        assert set(index.rows([str(number) for number in range(7)])) == set("01234")


def test_a_batch_is_stored_completely_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "search.sqlite"
    with PictureIndex(path, "a") as index:
        index.add({"p": ROW}, [])
        with pytest.raises(DataError):
            index.add({"q": ROW}, [KnownSource("/1.png", object(), "q")])  # type: ignore[arg-type]
    with PictureIndex(path, "a") as index:
        assert index.known(["p", "q"]) == {"p"}


def writer(path: Path) -> subprocess.Popen[str]:
    """Start a process that adds batches of two pictures, and prints the number of each batch once it is stored."""
    code = (
        "import sys, numpy, pathlib\n"
        "import rsgpt_backend\n"
        "from rsgpt_plugin.shared.files.search_index import KnownSource\n"
        "from rsgpt_backend.search.picture_index import PictureIndex\n"
        "with PictureIndex(pathlib.Path(sys.argv[1]), 'a') as index:\n"
        "    for number in range(10**6):\n"
        "        keys = [f'{number} {half}' for half in 'ab']\n"
        "        row = numpy.zeros(300, numpy.float16)\n"
        "        index.add({key: row for key in keys}, [KnownSource('/' + key, '1', key) for key in keys])\n"
        "        print(number, flush=True)\n"
    )
    return subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True, cwd=BACKEND)


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.2])
def test_a_killed_process_loses_at_most_the_batch_that_it_adds(tmp_path: Path, delay: float) -> None:
    path, process = tmp_path / "search.sqlite", writer(tmp_path / "search.sqlite")
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(delay)
    process.kill()
    stored = 1 + len(process.stdout.read().split("\n")[:-1])
    process.wait()
    process.stdout.close()
    places = {f"/{number} {half}": "1" for number in range(stored + 2) for half in "ab"}
    with PictureIndex(path, "a") as index:
        found = index.pictures(places)
    assert {f"/{number} {half}" for number in range(stored) for half in "ab"} <= found.keys()
    assert len(found) in (2 * stored, 2 * stored + 2)


def test_several_processes_share_the_file(tmp_path: Path) -> None:
    path = tmp_path / "search.sqlite"
    with PictureIndex(path, "a") as one, PictureIndex(path, "a") as other:
        one.add({"p": ROW}, [])
        other.add({"p": ROW, "q": ROW}, [])
        assert one.known(["p", "q"]) == {"p", "q"}


def test_a_file_name_that_is_no_text(tmp_path: Path) -> None:
    place = os.fsdecode(b"/\xe9.png")
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
