"""The shipped model on real pictures: the tiles of the demo raster, and the validation data if it is available."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from affine import Affine
from PIL import Image
from rasterio.windows import Window as RasterioWindow

from rsgpt_backend.batch.local_executor import answered
from rsgpt_backend.batch.objects.find_run import FindRun
from rsgpt_backend.batch.objects.object_rows import ObjectSearch
from rsgpt_backend.batch.objects.search_plan import SearchOptions, make_search
from rsgpt_backend.cli import main
from rsgpt_backend.commands.searching.searcher import Searcher
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.engine.heads.finding import WindowFinder
from rsgpt_backend.engine.loading import load_engine
from rsgpt_backend.evaluate import caption_metrics, question_accuracy
from rsgpt_backend.evaluate.ask_all import AskOptions
from rsgpt_backend.model.heads.finder.search import padding_color
from rsgpt_backend.predictor import Ask, KeyedPicture
from rsgpt_backend.search.indexing import PictureSource
from rsgpt_backend.search.picture_index import PictureIndex
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.places import PLACES
from rsgpt_plugin.shared.objects.found_text import read_found
from tests.backend.batch.rasters import OddGeoTiff, write
from tests.conftest import HOME, ROOT

pytestmark = pytest.mark.slow
DEMO = ROOT / "resources" / "demo"
SIDE = 256
FLOOR_CIDER = 240  # of 60 validation pictures
FLOOR_ACCURACY = 70  # percent of 120 validation questions, exact match


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """The default model; its language model is unpacked in the home folder of the scripts."""
    before = os.environ.get("RSGPT_HOME")
    os.environ["RSGPT_HOME"] = str(HOME)
    yield load_engine("rsgpt-small")
    if before is not None:
        os.environ["RSGPT_HOME"] = before


@pytest.fixture(scope="module")
def tiles() -> dict[str, Image.Image]:
    """The tiles of the demo raster, by file name."""
    truth = json.loads((DEMO / "truth.json").read_text(encoding="utf-8"))
    with Image.open(DEMO / "scenes.tif") as mosaic:
        raster = mosaic.convert("RGB")
    boxes = {tile["filename"]: (tile["column"] * SIDE, tile["row"] * SIDE) for tile in truth}
    return {name: raster.crop((x, y, x + SIDE, y + SIDE)) for name, (x, y) in boxes.items()}


def ask(engine: Engine, picture: Image.Image, name: str, *prompts: str) -> list[str]:
    return [answer.text for answer in engine.answer([Ask(picture, name, prompt) for prompt in prompts])]


def test_answers_are_right_for_several_wordings(engine: Engine, tiles: dict[str, Image.Image]) -> None:
    answers = ask(
        engine,
        tiles["parkinglot87.jpg"],
        "lot",
        "Describe this image.",
        "What can be seen here?",
        "What kind of area is this?",
        "what kind of place is shown in the picture?",
    )
    assert all("parking" in text.lower() for text in answers), answers


def test_a_search_by_words_and_by_example(engine: Engine, tiles: dict[str, Image.Image], tmp_path: Path) -> None:
    def source(name: str) -> PictureSource:
        return PictureSource(name, name, "1", lambda: KeyedPicture(tiles[name], name))

    with PictureIndex(tmp_path / "search.sqlite", engine.fingerprint) as index:
        searcher = Searcher(engine, index)
        searcher.load([source(name) for name in tiles], lambda name, error: pytest.fail(f"{name}: {error}"))
        for words, scene in (
            ("storage tanks", "storagetanks"),
            ("harbour with many boats", "harbor"),
            ("a beach", "beach"),
            ("There are some planes at the airport", "airplane"),
        ):
            assert searcher.words(words, 3).pictures[0][0].startswith(scene), words
        assert searcher.words("storage tanks", 3).found
        assert not searcher.words("a stadium", 3).found
        like = searcher.like(source("forest87.jpg"), 3, lambda name, error: pytest.fail(f"{name}: {error}"))
        assert like is not None
        assert "forest87.jpg" not in dict(like.pictures)


def test_tasks_on_a_real_picture(engine: Engine, tiles: dict[str, Image.Image]) -> None:
    picture = tiles["airplane84.jpg"]
    found = read_found(engine.perform(Ask(picture, "airplane84", "", task="find")).text)
    assert 2 <= len(found.points["airplane"]) <= 4  # four, of which one is half cut off
    row = engine.perform(Ask(picture, "airplane84", "", task="index")).text
    vector = np.frombuffer(base64.b64decode(row), "<f2")[: engine.model.config.matching_width].astype(float)
    (words,) = engine.embed(["Two white planes are at the airport ."])
    (other,) = engine.embed(["a forest with many green trees ."])
    assert vector @ np.array(words.vector) > vector @ np.array(other.vector) + 0.2


def test_presence_questions_get_yes_and_no(engine: Engine, tiles: dict[str, Image.Image]) -> None:
    for question, yes, no in (
        ("Are there any airplanes?", "airplane84.jpg", "forest87.jpg"),
        ("Are there any trees?", "forest87.jpg", "agricultural94.jpg"),
        ("Are there any cars?", "freeway86.jpg", "forest87.jpg"),
    ):
        assert [ask(engine, tiles[name], name, question) for name in (yes, no)] == [["yes"], ["no"]]


@pytest.mark.parametrize(
    ("name", "question", "expected"),
    [
        ("airplane84.jpg", "How many airplanes are there?", "2 3 4"),  # four, of which one is half cut off
        ("airplane84.jpg", "Could you work out the number of planes in this shot?", "2 3 4"),
        ("runway84.jpg", "Count the aircraft.", "0"),
        ("forest87.jpg", "Would you find water at this place?", "no"),
        ("beach84.jpg", "Does the photo confirm that there is water here?", "yes"),
        ("river84.jpg", "Where is the river?", "center"),
    ],
)
def test_answers_about_objects_and_places(
    engine: Engine, tiles: dict[str, Image.Image], name: str, question: str, expected: str
) -> None:
    (answer,) = ask(engine, tiles[name], name, question)
    assert answer in expected.split()


def test_answers_have_the_form_that_the_question_asks_for(engine: Engine, tiles: dict[str, Image.Image]) -> None:
    for name, picture in tiles.items():
        place, number, presence = ask(
            engine, picture, name, "Where is the pond?", "How many street lamps do you see?", "Is there a bus?"
        )
        assert place in PLACES
        assert number.isdecimal()
        assert presence in ("yes", "no")


def test_choices_do_not_depend_on_their_order(engine: Engine, tiles: dict[str, Image.Image]) -> None:
    listed = ("residential area", "woodland", "airport", "coast", "sports field", "industrial area", "highway")
    answers = []
    for choices in (listed, listed[::-1], listed[3:] + listed[:3]):
        prompt = AnswerType.CHOICE.prompt("What kind of area is this?", choices)
        asks = [Ask(picture, name, prompt, choices=choices) for name, picture in tiles.items()]
        answers.append([answer.text for answer in engine.answer(asks)])
    assert answers[0] == answers[1] == answers[2]
    named = dict(zip(tiles, answers[0], strict=True))
    assert (named["forest87.jpg"], named["beach84.jpg"], named["runway84.jpg"]) == ("woodland", "coast", "airport")


def test_place_of_something_absent_is_doubtful(engine: Engine, tiles: dict[str, Image.Image]) -> None:
    asks = [Ask(tiles[name], name, "Where is the road?") for name in ("freeway86.jpg", "forest87.jpg")]
    sure, doubtful = (answer.confidence for answer in engine.answer(asks))
    assert doubtful < 0.1 < sure


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("airplanes at an airport", {"airplane84.jpg", "airplane81.jpg"}),
        ("tennis courts", {"tenniscourt83.jpg", "tenniscourt85.jpg"}),
        ("waves on a sandy beach", {"beach84.jpg"}),
    ],
)
def test_pictures_are_found_by_words(engine: Engine, tiles: dict[str, Image.Image], text: str, names: set[str]) -> None:
    wanted, *found = engine.embed([text, *(KeyedPicture(picture, name) for name, picture in tiles.items())])
    similarity = [sum(a * b for a, b in zip(wanted.vector, one.vector, strict=True)) for one in found]
    best = sorted(zip(similarity, tiles, strict=True), reverse=True)[: len(names)]
    assert {name for _, name in best} == names


def test_found_airplanes_do_not_depend_on_where_a_raster_begins(engine: Engine, tmp_path: Path) -> None:
    """Two parts of the demo raster around its picture airplane84, which shows four planes, one of them cut off."""
    places: list[list[tuple[float, float]]] = []
    finder, fill = engine.model.config.require_finder(), padding_color(engine.model.config.vision.mean)
    options = SearchOptions(finder.max_side, finder.finest_gsd_m, fill=fill)
    for left in (1024, 1101):
        part, out = tmp_path / f"{left}.tif", tmp_path / f"{left}.gpkg"
        with rasterio.open(DEMO / "scenes.tif") as demo:
            window, place = RasterioWindow(left, 0, 1536 - left, 384), demo.transform @ Affine.translation(left, 0)
            values = demo.read(window=window)
        write(part, values, OddGeoTiff(place.to_gdal()))
        search = make_search(str(part), options)
        with FindRun([search], ObjectSearch("rsgpt-small", "", ("airplane",)), out) as run:
            run.ask(lambda work, journal: answered(work, lambda: WindowFinder(engine.model), journal))
            run.write()
        points = shapely.from_wkb(pyogrio.read_arrow(out)[1]["geom"].to_pylist())
        places.append(sorted(map(tuple, shapely.get_coordinates(points).tolist())))
    assert 3 <= len(places[0]) <= 4
    assert len(places[0]) == len(places[1])
    assert np.abs(np.array(places[0]) - np.array(places[1])).max() < 0.6  # meters, two pixels


def test_batch_answers_equal_single_answers(engine: Engine, tiles: dict[str, Image.Image]) -> None:
    asks = [Ask(picture, name, "Describe this image.") for name, picture in tiles.items()]
    together = [answer.text for answer in engine.answer(asks)]
    alone = [engine.answer([single])[0].text for single in asks]
    assert together == alone


def test_doctor_reports_the_expected_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RSGPT_HOME", str(HOME))
    assert main(["doctor"]) == 0
    assert "as expected" in capsys.readouterr().out


def test_cider_of_the_validation_split(engine: Engine, shared: Path) -> None:
    data = shared / "data"
    scores, _ = caption_metrics.evaluate(
        engine, data / "ucm_images.zip", data / "ucm_captions_val.json", AskOptions(60)
    )
    assert scores["CIDEr"] > FLOOR_CIDER


def test_accuracy_of_the_validation_split(engine: Engine, shared: Path) -> None:
    data = shared / "data"
    scores, _ = question_accuracy.evaluate(engine, data / "ucm_images.zip", data / "ucm_vqa_val.json", AskOptions(120))
    assert scores["accuracy"]["average"] > FLOOR_ACCURACY
