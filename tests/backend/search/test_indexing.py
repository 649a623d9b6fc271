"""Each picture is read and described once; what fails is reported, and the others go on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from rsgpt_backend.errors import EngineError, ImageError, RsgptError
from rsgpt_backend.predictor import KeyedPicture
from rsgpt_backend.search.indexing import PictureSource, index_pictures
from rsgpt_backend.search.picture_index import PictureIndex
from rsgpt_plugin.shared.files.search_index import Row
from tests.backend.toy import picture


class Model:
    """Describes pictures by one number, and fails on those with the key "bad"."""

    def __init__(self) -> None:
        self.described: list[str] = []

    def __call__(self, pictures: Sequence[KeyedPicture]) -> Iterator[Row | RsgptError]:
        for one in pictures:
            self.described.append(one.image_key)
            bad = one.image_key == "bad"
            yield EngineError("The model failed. Try again.") if bad else np.ones(1, np.float16)


def source(place: str, key: str | None, version: str = "1", gsd_m: float | None = None) -> PictureSource:
    """A picture of this content. key: None without valid pixels, "broken" if it cannot be read."""

    def read() -> KeyedPicture | None:
        if key == "broken":
            raise ImageError("It cannot be read. Convert it.")
        return None if key is None else KeyedPicture(picture(1), key, gsd_m)

    return PictureSource(f"name of {place}", place, version, read)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[PictureIndex]:
    with PictureIndex(tmp_path / "search.sqlite", "model") as index:
        yield index


def results(index: PictureIndex, sources: list[PictureSource], model: Model) -> dict[str, str]:
    found = index_pictures(index, sources, model)
    return {one.place: key if isinstance(key, str) else key.code for one, key in found}


def test_failures_are_reported_and_tried_again(index: PictureIndex) -> None:
    sources = [source("a", "p"), source("b", "broken"), source("c", "bad"), source("d", None), source("e", "q")]
    model = Model()
    assert results(index, sources, model) == {"a": "p", "b": "image", "c": "engine", "d": "", "e": "q"}
    assert model.described == ["p", "bad", "q"]
    assert results(index, sources, model) == {"a": "p", "d": "", "e": "q", "b": "image", "c": "engine"}
    assert model.described == ["p", "bad", "q", "bad"]


def test_equal_pictures_are_described_once(index: PictureIndex) -> None:
    model = Model()
    assert results(index, [source("a", "p"), source("b", "p")], model) == {"a": "p", "b": "p"}
    assert results(index, [source("moved", "p")], model) == {"moved": "p"}
    assert model.described == ["p"]


def test_a_changed_file_is_read_again(index: PictureIndex) -> None:
    model = Model()
    results(index, [source("a", "p")], model)
    assert results(index, [source("a", "q", "2")], model) == {"a": "q"}
    assert model.described == ["p", "q"]


def test_a_picture_of_unknown_version_is_read_again_but_described_once(index: PictureIndex) -> None:
    model = Model()
    assert results(index, [source("a", "p", "")], model) == {"a": "p"}
    assert results(index, [source("a", "q", "")], model) == {"a": "q"}
    assert results(index, [source("a", "q", "")], model) == {"a": "q"}
    assert model.described == ["p", "q"]


def test_the_index_is_asked_once_per_batch(index: PictureIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    known, asked = index.known, list[int]()

    def counted(keys: Collection[str]) -> set[str]:
        asked.append(len(keys))
        return known(keys)

    monkeypatch.setattr(index, "known", counted)
    results(index, [source(str(number), f"p{number}") for number in range(9)], Model())
    assert asked == [0, 9]  # those of known places, and those of the pictures that were read


def test_a_stopped_search_keeps_complete_batches(index: PictureIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rsgpt_backend.search.indexing.BATCH", 2)
    sources = [source(str(number), f"p{number}") for number in range(6)]
    model = Model()
    found = index_pictures(index, sources, model)
    for _ in range(3):
        next(found)
    del found  # as if the process ended
    assert model.described == ["p0", "p1", "p2", "p3"]
    assert len(results(index, sources, model)) == 6
    assert model.described == [f"p{number}" for number in range(6)]


def test_the_ground_resolution_is_part_of_the_key(index: PictureIndex) -> None:
    model = Model()
    results(index, [source("a", "p", gsd_m=0.3), source("a at 10 m", "p", gsd_m=10.0)], model)
    assert model.described == ["p", "p"]
