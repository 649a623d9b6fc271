"""Captions and answers of results are compared with the words of a search, once they have vectors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from qgis.core import QgsFeedback

from rsgpt_plugin.core.paths import picture_file, search_file
from rsgpt_plugin.core.picture_store import PictureStore
from rsgpt_plugin.core.search_index import SearchIndex
from rsgpt_plugin.errors import Cancelled
from rsgpt_plugin.geo.results.column_roles import result_columns
from rsgpt_plugin.processing.searching import result_captions
from rsgpt_plugin.processing.searching.picture_search import PictureSearch, load_search
from rsgpt_plugin.processing.searching.picture_set import ResultRows
from rsgpt_plugin.processing.searching.result_captions import with_captions
from rsgpt_plugin.shared.search.ranking import SURE_WITH_CAPTIONS, SURE_WORDS
from tests.plugin.results import keep_pictures, results_layer

from .conftest import MODEL, SearchingModel
from .test_indexing import Numbered

CAPTIONS = ["shows 0", "shows 40", "shows 80"]


@pytest.fixture
def index() -> Iterator[SearchIndex]:
    with SearchIndex(search_file()) as opened:
        yield opened


@pytest.fixture
def rows(searching: SearchingModel) -> Iterator[ResultRows]:
    layer = results_layer(CAPTIONS)
    keep_pictures(range(3))
    with PictureStore(picture_file(), 10**8) as store:
        yield ResultRows(list(layer.getFeatures()), result_columns(layer), layer.crs(), store)


def loaded(rows: ResultRows, index: SearchIndex) -> PictureSearch:
    return load_search(rows, MODEL, index.rows(MODEL.fingerprint), QgsFeedback())


def test_words_find_captions(rows: ResultRows, index: SearchIndex, searching: SearchingModel) -> None:
    search = loaded(rows, index)
    alone = search.by_words("80", QgsFeedback())
    described = with_captions(search, rows, index, QgsFeedback())
    together = described.by_words("80", QgsFeedback())
    assert [int(np.argmax(scores.values)) for scores in (alone, together)] == [0, 2]
    assert (alone.sure, together.sure) == (SURE_WORDS, SURE_WITH_CAPTIONS)
    assert searching.sentences == [*CAPTIONS, "80"]


def test_vectors_are_computed_once(rows: ResultRows, index: SearchIndex, searching: SearchingModel) -> None:
    first = with_captions(loaded(rows, index), rows, index, QgsFeedback())
    assert with_captions(first, rows, index, QgsFeedback()) is first
    with_captions(loaded(rows, index), rows, index, QgsFeedback())
    assert searching.sentences == CAPTIONS


def test_tiles_and_rows_without_captions_are_compared_as_pictures(
    index: SearchIndex, searching: SearchingModel
) -> None:
    tiles = Numbered([10, 40])
    search = load_search(tiles, MODEL, index.rows(MODEL.fingerprint), QgsFeedback())
    assert with_captions(search, tiles, index, QgsFeedback()) is search
    layer = results_layer([None])
    keep_pictures([0])
    with PictureStore(picture_file(), 10**8) as store:
        rows = ResultRows(list(layer.getFeatures()), result_columns(layer), layer.crs(), store)
        search = loaded(rows, index)
        assert with_captions(search, rows, index, QgsFeedback()) is search


def test_a_missing_sentence_model_is_reported_with_its_size(
    rows: ResultRows, index: SearchIndex, searching: SearchingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(result_captions, "lacks_sentence_model", lambda: True)
    search = with_captions(loaded(rows, index), rows, index, QgsFeedback())
    assert search.captions is None
    assert "84 MB" in search.captions_problem
    assert searching.sentences == []
    monkeypatch.setattr(result_captions, "lacks_sentence_model", lambda: False)
    installed = with_captions(search, rows, index, QgsFeedback())
    assert (installed.captions is None, installed.captions_problem) == (False, "")


def test_a_failure_leaves_the_pictures(rows: ResultRows, index: SearchIndex, searching: SearchingModel) -> None:
    searching.sentence_error = "This server has one model."
    search = with_captions(loaded(rows, index), rows, index, QgsFeedback())
    assert (search.captions, "one model" in search.captions_problem) == (None, True)
    assert search.by_words("0", QgsFeedback()).sure == SURE_WORDS


def test_a_cancel_ends_the_search(rows: ResultRows, index: SearchIndex, searching: SearchingModel) -> None:
    search, feedback = loaded(rows, index), QgsFeedback()
    feedback.cancel()
    with pytest.raises(Cancelled):
        with_captions(search, rows, index, feedback)
