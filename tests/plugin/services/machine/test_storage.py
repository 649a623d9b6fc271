"""Each kind of stored data is measured and cleared by itself; the sizes afterwards are reported."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rsgpt_plugin.client.model_slot import slot
from rsgpt_plugin.core.answer_cache import AnswerCache
from rsgpt_plugin.core.paths import cache_file, feature_folder, picture_file, search_file
from rsgpt_plugin.core.picture_store import PictureStore
from rsgpt_plugin.core.search_index import SearchIndex
from rsgpt_plugin.services.background_task import BackgroundTask
from rsgpt_plugin.services.machine.storage import StoredKind, clear, measure_sizes
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer
from tests.plugin.client.test_model_slot import CountedModel, WantedModel

pytestmark = pytest.mark.usefixtures("qgis_app")

EMPTY = dict.fromkeys(StoredKind, 0)


def sizes(task: BackgroundTask) -> dict[StoredKind, int]:
    """Run the work of a task in this thread."""
    measured: dict[StoredKind, int] = task._work(task)
    return measured


@pytest.fixture
def filled(own_home: Path) -> Path:
    """The data folder with all kinds of data.

    2,000 bytes of environment, 3,000 of features, one row of a search index, one picture, and four long answers.
    """
    for name in ("env", "language"):
        (own_home / name / "lib").mkdir(parents=True)
        (own_home / name / "lib" / "file").write_bytes(bytes(1000))
    (feature_folder() / "ab").mkdir(parents=True)
    (feature_folder() / "ab" / "1.features").write_bytes(bytes(1000))
    (feature_folder() / "2.features").write_bytes(bytes(2000))
    SearchIndex(search_file()).close()
    with closing(sqlite3.connect(search_file(), isolation_level=None)) as database:
        database.execute("INSERT INTO pictures VALUES ('model', 'p', zeroblob(300000))")
    with PictureStore(picture_file(), 10**8) as pictures:
        pictures.put("p", bytes(500_000))
    with AnswerCache(cache_file()) as answers:
        answers.put({name: RawAnswer("many boats " * 1000, 0.5) for name in "abcd"})
    return own_home


def test_an_empty_data_folder_has_no_data_and_is_not_created(own_home: Path) -> None:
    assert sizes(measure_sizes()) == EMPTY
    for kind in StoredKind:
        assert sizes(clear(kind)) == EMPTY
    assert not cache_file().exists()
    assert not picture_file().exists()


def test_all_files_of_a_kind_are_measured(filled: Path) -> None:
    measured = sizes(measure_sizes())
    assert (measured[StoredKind.ENVIRONMENT], measured[StoredKind.FEATURES]) == (2000, 3000)
    assert measured[StoredKind.SEARCH] > 300_000
    assert measured[StoredKind.PICTURES] > 500_000
    assert 0 < measured[StoredKind.ANSWERS] < 500_000


def test_the_journal_of_an_open_database_counts(filled: Path) -> None:
    before = sizes(measure_sizes())[StoredKind.PICTURES]
    with PictureStore(picture_file(), 10**8) as pictures:
        pictures.put("q", bytes(500_000))
        assert sizes(measure_sizes())[StoredKind.PICTURES] >= before + 500_000


def test_a_link_counts_as_itself_and_not_as_its_target(filled: Path, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(100_000))
    (feature_folder() / "link").symlink_to(large)
    (feature_folder() / "dangling").symlink_to(tmp_path / "nothing")
    assert 3000 < sizes(measure_sizes())[StoredKind.FEATURES] < 4000


@pytest.mark.parametrize("kind", list(StoredKind))
def test_clearing_one_kind_leaves_the_others(filled: Path, kind: StoredKind) -> None:
    before = sizes(measure_sizes())
    after = sizes(clear(kind))
    assert after[kind] < before[kind]
    assert {other: after[other] for other in StoredKind if other is not kind} == {
        other: before[other] for other in StoredKind if other is not kind
    }
    assert sizes(measure_sizes()) == after


def test_cleared_stores_are_empty_and_can_be_used_again(filled: Path) -> None:
    for kind in StoredKind:
        sizes(clear(kind))
    with PictureStore(picture_file(), 10**8) as pictures, AnswerCache(cache_file()) as answers:
        assert pictures.get("p") is None
        assert answers.get(["a"]) == {}
        pictures.put("p", b"new")
        assert pictures.get("p") == b"new"
    assert not feature_folder().exists()
    with closing(sqlite3.connect(search_file())) as database:
        assert database.execute("SELECT count(*) FROM pictures").fetchone() == (0,)
    assert not (filled / "env").exists()


@pytest.mark.parametrize("kind", list(StoredKind))
def test_only_the_environment_needs_the_model_to_stop(filled: Path, kind: StoredKind) -> None:
    with slot.lease(WantedModel("a"), lambda: CountedModel("a"), lambda: False) as model:
        pass
    sizes(clear(kind))
    assert model.stops == (kind is StoredKind.ENVIRONMENT)
    slot.end()
