"""`rsgpt search` lists the best pictures of each query, and asks the model about a picture once."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.cli import main
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.errors import EngineError
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.model.weights import save_model
from rsgpt_backend.predictor import KeyedPicture
from rsgpt_backend.search.picture_index import index_file
from tests.backend.batch.rasters import numbered, write
from tests.backend.sentence_package import install
from tests.backend.toy import make_config, make_model

DEMO = Path(__file__).resolve().parents[4] / "resources" / "demo"
Pictures = Callable[[int], list[str]]
Search = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture(scope="module")
def folder(toy_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy with a matching head that reads the ground resolution."""
    config = make_config(toy_folder / "language")
    folder = tmp_path_factory.mktemp("search") / "toy"
    vision = replace(config.vision, ground_resolution=True)
    save_model(make_model(replace(config, vision=vision, matching_width=8)), folder)
    return folder


@pytest.fixture
def search(folder: Path, capsys: pytest.CaptureFixture[str]) -> Search:
    def run(*arguments: str, model: Path = folder) -> tuple[int, list[dict[str, Any]], str]:
        code = main(["search", *arguments, "--model", str(model), "--json"])
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return run


def test_one_object_per_query(search: Search, pictures: Pictures, tmp_path: Path) -> None:
    paths, file = pictures(4), tmp_path / "queries.txt"
    file.write_text("a river\n\n  a bridge \na river\n", encoding="utf-8")
    code, objects, _ = search(*paths, "--query", "a forest", "--queries", str(file), "--like", paths[0], "--top", "3")
    assert code == 0
    assert [one["query"] for one in objects] == ["a forest", "a river", "a bridge", paths[0]]
    for one in objects:
        assert list(one) == ["query", "results", "found"]
        assert len(one["results"]) == 3
        assert all(list(result) == ["image", "score"] for result in one["results"])
        scores = [result["score"] for result in one["results"]]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
    assert paths[0] not in [result["image"] for result in objects[-1]["results"]]


def test_a_picture_is_encoded_once(search: Search, pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = pictures(3)
    first = search(*paths, "--query", "a forest")
    shutil.rmtree(index_file().parent / "features")
    monkeypatch.setattr(Rsgpt, "encode", lambda *_: pytest.fail("a picture is encoded again"))
    assert search(*paths, "--query", "a forest")[1] == first[1]


def test_pictures_that_fail_are_reported_and_the_others_found(
    search: Search, pictures: Pictures, tmp_path: Path
) -> None:
    paths = [*pictures(2), str(tmp_path / "missing.png")]
    code, objects, _ = search(*paths, "--query", "a forest", "--like", paths[2], "--like", paths[0])
    assert code == 1
    assert [one.get("error", {}).get("code") for one in objects] == ["image", None, "image", None]
    assert (objects[0]["image"], objects[2]["query"]) == (paths[2], paths[2])
    assert len(objects[1]["results"]) == 2
    assert len(objects[3]["results"]) == 1


@pytest.mark.skipif(os.name == "nt", reason="file names are text on Windows")
@pytest.mark.parametrize("ending", [b".png", b".tif"])
def test_a_file_name_that_is_no_text(
    search: Search, pictures: Pictures, tmp_path: Path, ending: bytes, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd, (path,) = os.fsdecode(os.fsencode(tmp_path) + b"/photo\xe9" + ending), pictures(1)
    shutil.copyfile(path, odd)
    for _ in range(2):  # the second time from the index
        code, objects, _ = search(path, odd, "--query", "a forest")
        assert code == 0
        assert {one["image"] for one in objects[0]["results"]} == {path, odd}
    assert main(["search", path, odd, "--query", "a forest", "--model", str(folder)]) == 0
    assert "photo\ufffd" in capsys.readouterr().out


def test_a_query_that_the_model_fails_on_does_not_end_the_others(
    search: Search, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = Engine.embed

    def failing(engine: Engine, items: Any) -> Any:
        if any(not isinstance(item, KeyedPicture) and "bad" in item for item in items):
            raise EngineError("The model failed. Try again.")
        return embed(engine, items)

    monkeypatch.setattr(Engine, "embed", failing)
    code, objects, _ = search(*pictures(1), "--query", "bad", "--query", "good")
    assert code == 1
    assert [one.get("error", {}).get("code") for one in objects] == ["engine", None]


def test_the_ground_resolution_changes_the_scores(search: Search, pictures: Pictures) -> None:
    paths = pictures(1)
    found = [search(*paths, "--query", "a forest", *gsd)[1][0] for gsd in ([], ["--gsd", "0.1"], ["--gsd", "10"], [])]
    scores = [one["results"][0]["score"] for one in found]
    assert scores[0] == scores[3]
    assert len(set(scores)) == 3


def test_tiles_of_rasters(search: Search, pictures: Pictures, tmp_path: Path) -> None:
    raster = str(write(tmp_path / "a.tif", numbered(96, 64, 32)))
    code, objects, _ = search(raster, *pictures(1), "--query", "a forest", "--tile", "32")
    assert code == 1  # a picture without a position has no tiles
    assert [one.get("error", {}).get("code") for one in objects] == ["image", None]
    windows = [f"{raster}#xywh={x},{y},32,32" for y in (0, 32) for x in (0, 32, 64)]
    assert sorted(result["image"] for result in objects[1]["results"]) == sorted(windows)


@pytest.fixture
def described(tmp_path: Path, toy_folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """A raster, and results of `rsgpt batch` for its two tiles, of which the second speaks of boats."""
    raster, out = str(write(tmp_path / "a.tif", numbered(64, 32, 32))), str(tmp_path / "a.gpkg")
    assert main(["batch", raster, "--out", out, "--tile", "32", "--model", str(toy_folder)]) == 0
    capsys.readouterr()
    with closing(sqlite3.connect(out)) as database, database:
        (table,) = database.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'").fetchone()
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{trigger}"')  # they call functions of GDAL
        database.execute(f"UPDATE \"{table}\" SET caption = CASE fid WHEN 2 THEN 'many boats' ELSE 'a roof' END")
    return raster, out


def test_captions_of_results_decide_if_the_sentence_model_is_installed(
    search: Search, described: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raster, results = described
    arguments = [raster, "--tile", "32", "--query", "many boats", "--like", f"{raster}#xywh=0,0,32,32"]
    monkeypatch.setattr("rsgpt_backend.engine.sentences.PACKAGE", "a_missing_package")
    code, alone, err = search(*arguments, "--results", results)
    assert (code, len(alone)) == (0, 2)
    assert "Words are compared with pictures only." in err
    assert "84 MB" in err
    install(tmp_path, monkeypatch)
    code, objects, err = search(*arguments, "--results", results)
    assert code == 0
    assert "2 of 2 pictures have captions" in err
    assert objects[0]["results"][0]["image"] == f"{raster}#xywh=32,0,32,32"
    assert objects[0] != alone[0]
    assert objects[1] == alone[1]  # an example has no words


def test_a_file_without_results_is_refused(search: Search, pictures: Pictures) -> None:
    (path,) = pictures(1)
    code, objects, err = search(path, "--query", "boats", "--results", path)
    assert (code, objects) == (1, [])
    assert "cannot be read as a GeoPackage" in err


def test_a_model_without_a_head_is_refused(search: Search, toy_folder: Path, pictures: Pictures) -> None:
    code, objects, err = search(*pictures(1), "--query", "a forest", model=toy_folder)
    assert (code, objects) == (1, [])
    assert err == "toy has no matching head, so it cannot search. Choose another one with --model.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--query", " "],
        ["--query", "x" * 4001],
        ["--query", "a", "--queries", "missing.txt"],
        ["--query", "a", "--tile", "0"],
    ],
)
def test_nothing_to_search_for(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["search", "a.png", *arguments, "--model", "nonsense"])  # reported before the model is looked for
    assert code == (1 if "--queries" in arguments else 2)
    assert "nonsense" not in capsys.readouterr().err


@pytest.mark.parametrize("top", ["0", "-1", "many"])
def test_the_number_of_results_is_checked(top: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["search", "a.png", "--query", "a", "--top", top])
    assert "whole number above 0" in capsys.readouterr().err


def test_a_folder_without_pictures(search: Search, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, objects, err = search(str(tmp_path / "empty"), "--query", "a forest")
    assert (code, objects) == (1, [])
    assert "contains no PNG, JPEG, or TIFF file" in err
