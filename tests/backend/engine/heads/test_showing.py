"""The thing that a question asks about is shown where the answer says it is. The finder is replaced by fixed points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from PIL import Image, ImageDraw

from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.engine.heads import finder_answers
from rsgpt_backend.engine.heads.finder_answers import FinderAnswers
from rsgpt_backend.engine.heads.question_reader import ParsedQuestion
from rsgpt_backend.errors import EngineError
from rsgpt_backend.model.config import FinderConfig
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_plugin.shared.answers.places import place
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.shown import Shown, Unshown, read_shown
from tests.backend.toy import ask

QUESTIONS = {
    "How many cars are there?": ParsedQuestion("number", "cars"),
    "Where are the cars?": ParsedQuestion("place", "cars"),
    "Are there cars?": ParsedQuestion("presence", "cars"),
    "How many red cars are there?": ParsedQuestion("number", "cars", ("red",)),
    "How many large cars are there?": ParsedQuestion("number", "cars", ("large",)),
    "Are there cars on the road?": ParsedQuestion("presence", "cars", (), "on the road"),
    "How many ships are there?": ParsedQuestion("number", "ships"),
    "Where is the lake?": ParsedQuestion("place", "lake"),
    "Is there a lake?": ParsedQuestion("presence", "lake"),
    "Where is the river?": ParsedQuestion("place", "river"),
    "Where is the white patch?": ParsedQuestion("place", "patch", ("white",)),
    "Where is the tent?": ParsedQuestion("place", "tent"),
    "What kind of area is this?": ParsedQuestion("area"),
    "How many are there?": ParsedQuestion("number"),
}
CARS = [FoundPoint(x, y, sure, (x - 2, y - 2, 4, 4)) for x, y, sure in ((9, 72, 0.9), (86, 8, 0.7), (48, 40, 0.2))]
SIZE = (96, 80)


@pytest.fixture
def finder(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch, recognize: Callable[..., None]) -> Engine:
    """An engine whose finder finds CARS, and water in the upper half, in each picture."""
    recognize(QUESTIONS)
    config = FinderConfig()
    water = torch.zeros(10, 12)
    water[:5] = 0.9
    found = {**{label: [] for label in config.labels}, "car": CARS}
    maps = {**{name: torch.zeros(10, 12) for name in config.regions}, "water": water}
    monkeypatch.setattr(finder_answers, "search", lambda *_: found)
    monkeypatch.setattr(finder_answers, "region_maps", lambda *_: torch.stack([maps[name] for name in config.regions]))
    monkeypatch.setattr(toy, "config", replace(toy.config, finder=config))
    return Engine(toy)


def shown(engine: Engine, prompt: str) -> Shown:
    """Return what the engine shows of a prompt."""
    return read_shown(engine.perform(ask(0, prompt, task="show")).text)


@pytest.mark.parametrize("prompt", ["How many cars are there?", "Where are the cars?", "Are there cars?"])
def test_objects(finder: Engine, prompt: str) -> None:
    car = shown(finder, prompt)
    assert (car.width, car.height, car.name, car.reason) == (*SIZE, "car", None)
    assert [(point.x, point.y) for point in car.points] == [(9, 72), (86, 8)]
    assert car.boxed == ("car" in FinderConfig().boxed)


def test_as_many_points_as_are_counted(finder: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FinderAnswers, "_color_fits", lambda *_: [0.0, 0.9, 0.9])
    for prompt, count in (("How many cars are there?", "2"), ("How many red cars are there?", "1")):
        (answer,) = finder.answer([ask(0, prompt)])
        assert (answer.text, len(shown(finder, prompt).points)) == (count, int(count))
    assert shown(finder, "How many red cars are there?").points[0].x == 86


@pytest.mark.parametrize("prompt", ["Where is the lake?", "Is there a lake?", "Where is the river?"])
def test_regions(finder: Engine, prompt: str) -> None:
    water = shown(finder, prompt)
    assert (water.name, water.points, water.reason) == ("water", (), None)
    assert water.region == ("1" * 12,) * 5 + ("0" * 12,) * 5


def test_a_color_is_shown_where_the_answer_says_it_is(finder: Engine) -> None:
    image = Image.new("RGB", SIZE, (40, 70, 40))
    ImageDraw.Draw(image).rectangle((66, 54, 94, 78), fill="white")
    asked = replace(ask(0, "Where is the white patch?"), image=image)
    (answer,), patch = finder.answer([asked]), finder.show(asked)
    rows, columns = patch.cells.nonzero()
    center = (columns.mean() + 0.5) / patch.cells.shape[1], (rows.mean() + 0.5) / patch.cells.shape[0]
    assert (answer.text, answer.form, place(*center), patch.name) == (
        "bottom right",
        "colored_place",
        "bottom right",
        "patch",
    )


@pytest.mark.parametrize(
    ("prompt", "name", "reason"),
    [
        ("How many ships are there?", "ship", Unshown.ABSENT),
        ("How many large cars are there?", "car", Unshown.CONDITION),
        ("Are there cars on the road?", "car", Unshown.CONDITION),
        ("Where is the tent?", "tent", Unshown.UNKNOWN),
        ("What kind of area is this?", "", Unshown.NO_THING),
        ("How many are there?", "", Unshown.NO_THING),
        ("What color is the roof?", "", Unshown.NO_THING),
    ],
)
def test_reasons(finder: Engine, prompt: str, name: str, reason: Unshown) -> None:
    assert shown(finder, prompt) == Shown(*SIZE, name, reason=reason)


def test_a_canceled_search_ends(finder: Engine) -> None:
    canceled = ask(0, "Where are the cars?", task="show")
    canceled.cancel.set()
    with pytest.raises(EngineError, match="was canceled"):
        finder.perform(canceled)


def test_a_search_that_fails_is_reported(finder: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(finder_answers, "search", fail)
    with pytest.raises(EngineError, match="out of memory"):
        finder.perform(ask(0, "Where are the cars?", task="show"))
