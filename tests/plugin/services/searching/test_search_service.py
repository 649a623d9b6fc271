"""Searches in the background: the index is loaded once, and each way to search has its result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProject, QgsRasterLayer

from rsgpt_plugin.core.paths import picture_file, search_file
from rsgpt_plugin.core.picture_store import PictureStore
from rsgpt_plugin.core.search_index import SearchIndex
from rsgpt_plugin.processing.searching import picture_search
from rsgpt_plugin.services.searching.search_service import (
    LikeArea,
    LikePicture,
    Query,
    SearchAnswer,
    SearchService,
    Words,
)
from rsgpt_plugin.services.searching.search_target import SearchTarget
from tests.plugin.processing import conftest as scripted
from tests.plugin.processing.conftest import numbered
from tests.plugin.processing.searching import conftest as fakes
from tests.plugin.processing.searching.conftest import SearchingModel
from tests.plugin.results import keep_pictures, results_layer
from tests.plugin.waiting import wait_until

project, raster, searching = scripted.project, scripted.raster, fakes.searching


class Searches:
    """A service, and how its searches ended."""

    def __init__(self) -> None:
        self.service = SearchService(QgsProject.instance())
        self.ends: list[Any] = []
        self.pictured = 0
        self.service.answered.connect(self.ends.append)
        self.service.failed.connect(self.ends.append)
        self.service.stopped.connect(lambda: self.ends.append("stopped"))
        self.service.pictured.connect(self._on_pictured)

    def search(self, target: SearchTarget, query: Query) -> Any:
        self.ends.clear()
        self.service.start(target, query)
        wait_until(lambda: self.ends)
        return self.ends[0]

    def _on_pictured(self) -> None:
        self.pictured += 1


@pytest.fixture
def searches(settings: None) -> Iterator[Searches]:
    searches = Searches()
    yield searches
    searches.service.close()


@pytest.fixture
def target(raster: Any, searching: SearchingModel) -> SearchTarget:
    """A raster of six tiles with 32 pixels per side."""
    return SearchTarget(raster(numbered(2, 3)).id(), 32)


def numbers(answer: SearchAnswer) -> list[int]:
    return [match.number for match in answer.matches]


def test_the_index_is_loaded_once(searches: Searches, target: SearchTarget, searching: SearchingModel) -> None:
    answer = searches.search(target, Words("4"))
    assert (numbers(answer)[0], len(answer.matches), answer.is_sure) == (4, 6, True)
    assert sorted(searching.asked) == list(range(6))
    again = searches.search(target, Words("0"))
    assert numbers(again)[0] == 0
    assert again.loaded is answer.loaded
    assert len(searching.asked) == 6
    other = searches.search(SearchTarget(target.layer, 64), Words("0"))
    assert len(other.matches) == 2


def test_the_pictures_of_results_are_stored(searches: Searches, target: SearchTarget) -> None:
    answer = searches.search(target, Words("4"))
    wait_until(lambda: searches.pictured)
    with PictureStore(picture_file(), 10**8) as store:
        assert all(store.get(answer.sha256(match)) for match in answer.matches)


def test_by_a_picture_and_by_an_area(searches: Searches, target: SearchTarget, searching: SearchingModel) -> None:
    keys = searches.search(target, Words("0")).loaded.search.keys
    answer = searches.search(target, LikePicture(keys[5]))
    assert numbers(answer)[:2] == [5, 4]
    area = QgsGeometry(answer.loaded.pictures.geometry(3))
    by_area = searches.search(target, LikeArea(area, answer.loaded.pictures.crs))
    assert numbers(by_area)[0] == 3
    assert len(searching.asked) == 6  # the area is a tile


def test_another_model_scores_with_its_own_rows(
    searches: Searches, target: SearchTarget, searching: SearchingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches.search(target, Words("4"))
    other = replace(fakes.MODEL, name="other", fingerprint="e" * 16)
    monkeypatch.setattr(picture_search, "chosen_model", lambda typed="": other)
    answer = searches.search(target, Words("4"))
    assert answer.loaded.search.model == other
    assert searching.asked == 2 * list(range(6))


def test_a_cleared_index_leaves_what_is_loaded(searches: Searches, target: SearchTarget) -> None:
    keys = searches.search(target, Words("0")).loaded.search.keys
    with SearchIndex(search_file()) as index:
        index.clear()
    assert numbers(searches.search(target, LikePicture(keys[5])))[:2] == [5, 4]


def test_rows_of_results(searches: Searches, searching: SearchingModel) -> None:
    layer = results_layer(["a", "b", "c"])
    keep_pictures([0, 1])
    answer = searches.search(SearchTarget(layer.id()), Words("1"))
    assert sorted(numbers(answer)) == [0, 1]
    assert "no longer stored" in str(answer.loaded.search.failed[0])
    refused = searches.search(SearchTarget(layer.id()), LikeArea(QgsGeometry(), QgsCoordinateReferenceSystem()))
    assert "only in a raster" in refused


@pytest.mark.parametrize("layer", ["", "gone"])
def test_a_layer_that_is_gone(searches: Searches, layer: str) -> None:
    assert "Choose a raster" in searches.search(SearchTarget(layer), Words("1"))


def test_a_stopped_search_goes_on_where_it_stopped(
    searches: Searches, target: SearchTarget, searching: SearchingModel
) -> None:
    searching.dies_after = 3
    assert "server stopped" in searches.search(target, Words("4"))
    searching.dies_after = 10**9
    assert len(searches.search(target, Words("4")).matches) == 6
    assert sorted(searching.asked) == list(range(6))
    searches.ends.clear()
    searches.service.forget()
    searches.service.start(target, Words("4"))
    searches.service.stop()
    wait_until(lambda: searches.ends)
    assert not searches.service.busy


def test_a_layer_that_changed_is_indexed_again(searches: Searches, raster: Any, searching: SearchingModel) -> None:
    layer: QgsRasterLayer = raster(numbered(1, 2))
    first = searches.search(SearchTarget(layer.id(), 32), Words("1"))
    layer.triggerRepaint()
    assert searches.search(SearchTarget(layer.id(), 32), Words("1")).loaded is not first.loaded
    assert searching.asked == [0, 1]
