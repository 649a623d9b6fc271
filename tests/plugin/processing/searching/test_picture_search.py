"""Scores by words and by example, and searches that cannot start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import pytest
from qgis.core import QgsFeedback, QgsGeometry

from rsgpt_plugin.core.paths import search_file
from rsgpt_plugin.core.search_index import SearchIndex
from rsgpt_plugin.errors import ImageryError, ModelError
from rsgpt_plugin.processing.searching import picture_search
from rsgpt_plugin.processing.searching.picture_search import index_picture, load_search, searching_model
from rsgpt_plugin.processing.searching.picture_set import OnePicture
from rsgpt_plugin.processing.searching.search_rows import matches
from rsgpt_plugin.shared.files.search_index import IndexRows
from rsgpt_plugin.shared.search.ranking import SURE_EXAMPLE

from .conftest import MODEL, SearchingModel
from .test_indexing import Numbered

pytestmark = pytest.mark.usefixtures("searching")


def order(numbers: Sequence[Optional[int]], index: IndexRows, text: str) -> list[int]:
    """Return the numbers of pictures, best first."""
    pictures = Numbered(numbers)
    search = load_search(pictures, MODEL, index, QgsFeedback())
    found = matches(search, search.by_words(text, QgsFeedback()))
    return [pictures.numbers[match.number] or 0 for match in found]


def test_words_rank_the_pictures_that_can_be_searched(index: IndexRows) -> None:
    assert order([10, None, 40, -1, 80], index, "like 35 degrees") == [40, 10, 80]


def test_an_example_ranks_itself_first(index: IndexRows) -> None:
    search = load_search(Numbered([10, 40, 80]), MODEL, index, QgsFeedback())
    scores = search.by_example(str(search.keys[1]), index)
    assert [match.number for match in matches(search, scores)] == [1, 0, 2]
    assert scores.values.max() > scores.sure


def test_pictures_left_out_are_told(index: IndexRows) -> None:
    search = load_search(Numbered([10, -1]), MODEL, index, QgsFeedback())
    assert [str(error) for error in search.failed] == ["It cannot be read."]


@pytest.mark.parametrize("numbers", [[], [None], [-1]])
def test_nothing_to_search(index: IndexRows, numbers: list[Optional[int]]) -> None:
    with pytest.raises(ImageryError, match="No picture can be searched"):
        load_search(Numbered(numbers), MODEL, index, QgsFeedback())


def test_an_index_that_was_cleared_meanwhile(index: IndexRows) -> None:
    search = load_search(Numbered([10]), MODEL, index, QgsFeedback())
    key = str(load_search(Numbered([10, 20]), MODEL, index, QgsFeedback()).keys[1])
    with SearchIndex(search_file()) as other:
        other.clear()
    with pytest.raises(ImageryError, match="was cleared"):
        search.by_example(key, index)
    assert search.by_example("sha-of-10", index).values[0] > SURE_EXAMPLE


def test_an_example_without_pixels(index: IndexRows) -> None:
    with pytest.raises(ImageryError, match="no valid pixel"):
        index_picture(OnePicture(None, QgsGeometry(), Numbered.crs), MODEL, index, QgsFeedback())


def test_a_model_that_cannot_search(monkeypatch: pytest.MonkeyPatch) -> None:
    assert searching_model().name == "searching"
    from dataclasses import replace

    monkeypatch.setattr(picture_search, "chosen_model", lambda typed: replace(MODEL, embeds=False))
    with pytest.raises(ModelError, match="no matching head"):
        searching_model()


def test_the_model_is_asked_once(index: IndexRows, searching: SearchingModel) -> None:
    order([10, 40], index, "5")
    order([10, 40], index, "50")
    assert searching.asked == [10, 40]
