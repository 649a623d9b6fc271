"""A database file is shared, upgraded, written as a whole or not at all, and refused with advice if unusable."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from rsgpt_plugin.core import database
from rsgpt_plugin.core.database import Database, Store
from rsgpt_plugin.errors import OutputError

FIRST = "CREATE TABLE notes (text TEXT NOT NULL)"
SECOND = "ALTER TABLE notes ADD COLUMN stars INTEGER NOT NULL DEFAULT 3"
SCHEMA = (FIRST, SECOND)


@contextmanager
def opened(path: Path, schema: Sequence[str] = SCHEMA) -> Iterator[Database]:
    with closing(Database(path, "list of notes", schema)) as notes:
        yield notes


def note(notes: Database, text: str) -> None:
    with notes.writing() as connection:
        connection.execute("INSERT INTO notes (text) VALUES (?)", (text,))


def note_and_fail(notes: Database, text: str) -> None:
    with notes.writing() as connection:
        connection.execute("INSERT INTO notes (text) VALUES (?)", (text,))
        raise ZeroDivisionError


def texts(notes: Database) -> list[str]:
    return [row[0] for row in notes.read("SELECT text FROM notes ORDER BY rowid")]


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "notes.sqlite"


def test_a_new_file_has_its_folder_and_the_latest_format(path: Path) -> None:
    with opened(path) as notes:
        assert notes.read("SELECT * FROM notes") == []
    assert version_of(path) == 2


def test_rows_are_there_after_reopening(path: Path) -> None:
    with opened(path) as notes:
        note(notes, "城市 \0 it's")
    with opened(path) as notes:
        assert notes.read("SELECT text, stars FROM notes WHERE stars = ?", (3,)) == [("城市 \0 it's", 3)]


def test_a_file_of_an_earlier_format_is_upgraded(path: Path) -> None:
    with opened(path, [FIRST]) as notes:
        note(notes, "old")
    with opened(path) as notes:
        assert notes.read("SELECT text, stars FROM notes") == [("old", 3)]
    assert version_of(path) == 2


def test_an_upgrade_that_fails_leaves_the_earlier_format(path: Path) -> None:
    with opened(path, [FIRST]) as notes:
        note(notes, "old")
    with pytest.raises(OutputError, match="cannot be used"), opened(path, [FIRST, SECOND, "no statement"]):
        pass
    assert version_of(path) == 1
    with opened(path, [FIRST]) as notes:
        assert notes.read("SELECT * FROM notes") == [("old",)]


def test_a_newer_file_is_refused_and_unchanged(path: Path) -> None:
    with opened(path):
        pass
    before = path.read_bytes()
    message = r"list of notes .*notes\.sqlite was written by a newer version of this plugin \(format 2.*up to 1\)"
    with pytest.raises(OutputError, match=message) as error, opened(path, [FIRST]):
        pass
    assert "Update the plugin, or move the file elsewhere." in str(error.value)
    assert path.read_bytes() == before


def test_a_file_that_is_not_a_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(OutputError, match="The file is damaged. Move it elsewhere"), opened(path):
        pass
    assert path.read_bytes() == b"no database at all" * 100


def test_a_folder_that_cannot_be_made_gives_advice(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="Check that the folder.*set RSGPT_HOME"), opened(tmp_path / "file" / "a"):
        pass


def test_a_folder_in_the_place_of_the_file_gives_advice(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="The list of notes .* cannot be used .*writable"), opened(tmp_path):
        pass


def test_a_full_disk_gives_an_error_about_disk_space(path: Path) -> None:
    with opened(path) as notes:
        note(notes, "kept")
        notes.read("PRAGMA max_page_count = 8")
        with pytest.raises(OutputError, match="Free some disk space"):
            note(notes, "x" * 100_000)
        assert texts(notes) == ["kept"]


def test_a_statement_that_fails_is_an_error_with_the_cause(path: Path) -> None:
    with opened(path) as notes, pytest.raises(OutputError, match=r"cannot be used \(no such table: others\)"):
        notes.read("SELECT * FROM others")


def test_a_block_that_fails_writes_nothing(path: Path) -> None:
    with opened(path) as notes:
        note(notes, "before")
        with pytest.raises(ZeroDivisionError):
            note_and_fail(notes, "half")
        note(notes, "after")
        assert texts(notes) == ["before", "after"]


def test_a_written_block_is_visible_in_another_window(path: Path) -> None:
    with opened(path) as here, opened(path) as there:
        note(here, "a")
        note(there, "b")
        assert texts(here) == texts(there) == ["a", "b"]


def test_readers_do_not_wait_for_a_writer(path: Path) -> None:
    with opened(path) as here, opened(path) as there:
        note(here, "a")
        with here.writing() as connection:
            connection.execute("DELETE FROM notes")
            assert texts(there) == ["a"]
        assert texts(there) == []


def test_a_writer_that_waits_too_long_is_refused_with_advice(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    advice = "Another program is using it. Close that program"
    with opened(path) as here, opened(path) as there, here.writing(), pytest.raises(OutputError, match=advice):
        note(there, "a")


def test_opening_waits_while_another_connection_writes(tmp_path: Path) -> None:
    """SQLite ignores its timeout and refuses the switch to WAL immediately while another connection writes."""
    path = tmp_path / "notes.sqlite"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, other.close)
    release.start()
    with opened(path) as notes:
        assert not release.is_alive()
        note(notes, "a")
        assert texts(notes) == ["a"]
    release.join()


def test_opening_ends_if_the_other_connection_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    path = tmp_path / "notes.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OutputError, match=r"\(database is locked\).*Another program is using it"), opened(path):
            pass


def test_windows_that_open_a_new_file_together_upgrade_it_once(path: Path) -> None:
    problems: list[Exception] = []

    def open_and_note() -> None:
        try:
            with opened(path) as notes:
                note(notes, "a")
        except Exception as error:
            problems.append(error)

    windows = [threading.Thread(target=open_and_note) for _ in range(8)]
    for window in windows:
        window.start()
    for window in windows:
        window.join()
    assert problems == []
    with opened(path) as notes:
        assert texts(notes) == ["a"] * 8


def test_shrink_frees_the_disk_space_of_deleted_rows(path: Path) -> None:
    with opened(path) as notes:
        note(notes, "x" * 10**6)
        with notes.writing() as connection:
            connection.execute("DELETE FROM notes")
        notes.shrink()
        assert sum(file.stat().st_size for file in path.parent.iterdir()) < 10**5


def test_a_store_is_closed_at_the_end_of_its_block(path: Path) -> None:
    with Store(path, "list of notes", SCHEMA) as store:
        note(store._database, "a")
    with pytest.raises(OutputError, match="closed database"):
        texts(store._database)
    assert [file.name for file in path.parent.iterdir()] == ["notes.sqlite"]


def test_a_store_is_closed_if_its_block_fails(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Store(path, "list of notes", SCHEMA) as store:
        note_and_fail(store._database, "a")
    with pytest.raises(OutputError, match="closed database"):
        texts(store._database)
