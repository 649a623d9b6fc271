"""Results of a search as a layer of the project."""

from __future__ import annotations

from typing import Any

from rsgpt_plugin.geo.results.layer_metadata import is_results
from rsgpt_plugin.services.searching.saved_results import results_layer
from rsgpt_plugin.services.searching.search_service import Words
from rsgpt_plugin.services.searching.search_target import SearchTarget
from tests.plugin.processing import conftest as scripted
from tests.plugin.processing.conftest import numbered
from tests.plugin.processing.searching import conftest as fakes

from .test_search_service import Searches, searches

__all__ = ["searches"]

project, raster, searching = scripted.project, scripted.raster, fakes.searching


def test_the_results_become_a_layer(searches: Searches, raster: Any, searching: Any) -> None:
    target = SearchTarget(raster(numbered(1, 3)).id(), 32)
    answer = searches.search(target, Words("2"))
    layer = results_layer(answer, answer.matches[:2], "Search: two", "two")
    rows = list(layer.getFeatures())
    assert [row["rank"] for row in rows] == [1, 2]
    assert rows[0].geometry().equals(answer.loaded.pictures.geometry(2))
    assert (layer.name(), layer.renderer().classAttribute(), is_results(layer)) == ("Search: two", "similarity", True)
