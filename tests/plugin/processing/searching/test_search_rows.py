"""Rows of a search: similarity, rank, and provenance."""

from __future__ import annotations

import pytest
from qgis.core import NULL, QgsFeedback, QgsProcessingUtils

from rsgpt_plugin.core.paths import picture_file
from rsgpt_plugin.core.picture_store import PictureStore
from rsgpt_plugin.geo.results.column_roles import result_columns
from rsgpt_plugin.processing.searching.picture_search import load_search
from rsgpt_plugin.processing.searching.picture_set import ResultRows
from rsgpt_plugin.processing.searching.search_rows import matches, picture_rows, result_rows, score_fields
from rsgpt_plugin.shared.files.search_index import IndexRows
from tests.plugin.results import keep_pictures, results_layer

from .conftest import MODEL
from .test_indexing import Numbered

pytestmark = pytest.mark.usefixtures("searching")


def test_top_and_minimum(index: IndexRows) -> None:
    search = load_search(Numbered([10, 40, 80]), MODEL, index, QgsFeedback())
    scores = search.by_words("20", QgsFeedback())
    every = matches(search, scores)
    assert [(match.number, match.rank) for match in every] == [(0, 1), (1, 2), (2, 3)]
    assert matches(search, scores, top=2) == every[:2]
    assert matches(search, scores, minimum=every[1].similarity - 0.001) == every[:2]
    assert matches(search, scores, minimum=1.0) == []


def test_a_tile_has_its_provenance(index: IndexRows) -> None:
    pictures = Numbered([10])
    search = load_search(pictures, MODEL, index, QgsFeedback())
    found = matches(search, search.by_words("10", QgsFeedback()))
    (row,) = picture_rows(found, pictures, search, "ten")
    assert (row["rank"], row["prompt"], row["image_sha256"]) == (1, "ten", "sha-of-10")
    assert (row["model"], row["model_fingerprint"], row["status"]) == ("searching", "f" * 16, "answered")
    assert 0.9 < row["similarity"] <= 1
    assert row["gsd_m"] == NULL
    assert row["plugin_version"]


def test_a_row_of_results_keeps_its_columns(index: IndexRows) -> None:
    layer = results_layer(["a harbor", "a beach"])
    keep_pictures([0, 1])
    with PictureStore(picture_file(), 10**8) as store:
        rows = ResultRows(list(layer.getFeatures()), result_columns(layer), layer.crs(), store)
        search = load_search(rows, MODEL, index, QgsFeedback())
        found = matches(search, search.by_words("1", QgsFeedback()))
        fields = QgsProcessingUtils.combineFields(layer.fields(), score_fields())
        copies = list(result_rows(found, rows, fields))
    assert [copy["caption"] for copy in copies] == ["a harbor", "a beach"]
    assert [copy["rank"] for copy in copies] == [1, 2]
    assert copies[0].geometry().equals(rows.features[0].geometry())
