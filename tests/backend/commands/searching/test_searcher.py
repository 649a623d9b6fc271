"""A searcher ranks by the vectors and the classifier of its model, and leaves the example itself out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rsgpt_backend.commands.searching.picture_sources import picture_source
from rsgpt_backend.commands.searching.searcher import Searcher
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.errors import DataError, RsgptError
from rsgpt_backend.model.config import ClassifierConfig
from rsgpt_backend.search.picture_index import PictureIndex
from tests.backend.toy import make_config, make_model, picture


@pytest.fixture
def searcher(toy_folder: Path, tmp_path: Path) -> Iterator[Searcher]:
    classifier = ClassifierConfig(("car",), ("beach", "forest"))
    config = replace(make_config(toy_folder / "language"), matching_width=8, classifier=classifier)
    with PictureIndex(tmp_path / "search.sqlite", "toy") as index:
        yield Searcher(Engine(make_model(config)), index)


def save(folder: Path, **seeds: int) -> list[str]:
    for name, seed in seeds.items():
        picture(seed).save(folder / f"{name}.png")
    return [str(folder / f"{name}.png") for name in seeds]


def failed(name: str, error: RsgptError) -> None:
    pytest.fail(f"{name}: {error}")


def test_words(searcher: Searcher, tmp_path: Path) -> None:
    paths = save(tmp_path, a=1, b=2, c=3)
    searcher.load([picture_source(path, None) for path in paths], failed)
    assert len(searcher) == 3
    result = searcher.words("cars on a beach", 2)
    assert len(result.pictures) == 2
    assert result.pictures[0][1] >= result.pictures[1][1]
    assert {name for name, _ in searcher.words("cars", 9).pictures} == set(paths)


def test_an_example_is_not_a_result_but_its_copies_are(searcher: Searcher, tmp_path: Path) -> None:
    paths = save(tmp_path, a=1, copy=1, b=2, c=3)
    searcher.load([picture_source(path, None) for path in paths], failed)
    result = searcher.like(picture_source(paths[0], None), 9, failed)
    assert result is not None
    assert {name for name, _ in result.pictures} == set(paths[1:])
    assert result.pictures[0][0] == paths[1]


def test_an_example_may_be_the_name_of_a_result(searcher: Searcher, tmp_path: Path) -> None:
    sources = [picture_source(path, None) for path in save(tmp_path, a=1, b=2)]
    tiles = [replace(source, name=f"scene.tif#xywh={number}") for number, source in enumerate(sources)]
    searcher.load(tiles, failed)
    result = searcher.like(picture_source("scene.tif#xywh=1", None), 9, failed)
    assert result is not None
    assert [name for name, _ in result.pictures] == ["scene.tif#xywh=0"]


def test_an_index_that_is_cleared_during_a_search(searcher: Searcher, tmp_path: Path) -> None:
    sources = [picture_source(path, None) for path in save(tmp_path, a=1)]
    searcher.load(sources, failed)
    with sqlite3.connect(tmp_path / "search.sqlite") as database:
        database.execute("DELETE FROM pictures")
    database.close()
    with pytest.raises(DataError, match="Search again"):
        searcher.like(sources[0], 1, failed)


def test_no_picture_at_all(searcher: Searcher, tmp_path: Path) -> None:
    problems: list[str] = []
    searcher.load([picture_source(str(tmp_path / "missing.png"), None)], lambda name, _: problems.append(name))
    assert problems == [str(tmp_path / "missing.png")]
    result = searcher.words("cars", 9)
    assert (result.pictures, result.found) == ((), False)
    paths = save(tmp_path, a=1)
    like = searcher.like(picture_source(paths[0], None), 9, failed)
    assert like is not None
    assert (like.pictures, like.found) == ((), False)
    assert searcher.like(picture_source(str(tmp_path / "gone.png"), None), 9, lambda *_: None) is None
