"""What the finder answers, and when the language model answers instead. The finder is replaced by fixed points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from rsgpt_backend.engine.answer_row import AnswerRow
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.engine.heads import finder_answers
from rsgpt_backend.engine.heads.finder_answers import FinderAnswers, count_of, region_of
from rsgpt_backend.engine.heads.question_reader import ParsedQuestion
from rsgpt_backend.model.config import FinderConfig
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.predictor import NUMBERS, Ask, Step
from rsgpt_plugin.shared.answers.places import PLACES
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from tests.backend.toy import ask

QUESTIONS = {
    "How many cars are there?": ParsedQuestion("number", "cars"),
    "Count the cars.": ParsedQuestion("number", "cars"),
    "Count the vehicles.": ParsedQuestion("number", "vehicles"),
    "How many parked cars?": ParsedQuestion("number", "cars", ("parked",)),
    "How many airplanes are there?": ParsedQuestion("number", "airplanes"),
    "How many trees are there?": ParsedQuestion("number", "trees"),
    "How many red cars are there?": ParsedQuestion("number", "cars", ("red",)),
    "How many cars are on the road?": ParsedQuestion("number", "cars", (), "on the road"),
    "How many blue cars are there?": ParsedQuestion("number", "cars", ("blue",)),
    "Where is the white car?": ParsedQuestion("place", "car", ("white",)),
    "How many large cars are there?": ParsedQuestion("number", "cars", ("large",)),
    "How many lakes are there?": ParsedQuestion("number", "lakes"),
    "How many cars and trees are there?": ParsedQuestion("number"),
    "Where are the cars?": ParsedQuestion("place", "cars"),
    "In which part of the image is the group of vehicles?": ParsedQuestion("place", "vehicles"),
    "Where is the lake?": ParsedQuestion("place", "lake"),
    "Which side or corner holds the water?": ParsedQuestion("place", "water"),
    "Where is the red car?": ParsedQuestion("place", "car", ("red",)),
    "Where is the tent?": ParsedQuestion("place", "tent"),
    "Where is the small car?": ParsedQuestion("place", "car", ("small",)),
    "Where is the red tent on the hill?": ParsedQuestion("place", "tent", ("red",), "on the hill"),
    "Where is the blue car?": ParsedQuestion("place", "car", ("blue",)),
    "Where is the blue lake?": ParsedQuestion("place", "lake", ("blue",)),
    "Where is the car on the bridge?": ParsedQuestion("place", "car", (), "on the bridge"),
    "Where is the airplane?": ParsedQuestion("place", "airplane"),
    "Where is the river?": ParsedQuestion("place", "river"),
}
SCALES = {"count": (1.0, -1.0), "found_place": (1.0, -2.0)}
Searches = list[tuple[str, float | None]]


def points_at(*places: tuple[float, float, float]) -> list[FoundPoint]:
    """Return points in the toy's pictures of 96 x 80 pixels, from x and y in 0..1 and a confidence."""
    return [FoundPoint(96 * x, 80 * y, sure, (96 * x - 2, 80 * y - 2, 4, 4)) for x, y, sure in places]


@pytest.fixture
def searches() -> Searches:
    """The searches of the fake finder: what was searched, and the resolution."""
    return []


@pytest.fixture
def finding(
    toy: Rsgpt, searches: Searches, monkeypatch: pytest.MonkeyPatch, recognize: Callable[..., None]
) -> Callable[..., Engine]:
    """Return a function that makes an engine with a finder that finds fixed points and regions in each picture."""
    recognize(QUESTIONS)

    def make(points: dict[str, list[FoundPoint]], regions: dict[str, Tensor] | None = None, **settings: Any) -> Engine:
        config = FinderConfig()

        def search(_: Rsgpt, image: Image.Image, gsd_m: float | None, thresholds: Sequence[float], *__: object) -> Any:
            searches.append(("points", gsd_m))
            least = dict(zip(config.labels, thresholds, strict=True))
            return {
                label: [point for point in points.get(label, []) if point.confidence >= least[label]]
                for label in config.labels
            }

        def region_maps(_: Rsgpt, image: Image.Image, gsd_m: float | None) -> Tensor:
            searches.append(("regions", gsd_m))
            return torch.stack([(regions or {}).get(name, torch.zeros(30, 30)) for name in config.regions])

        monkeypatch.setattr(finder_answers, "search", search)
        monkeypatch.setattr(finder_answers, "region_maps", region_maps)
        settings = {"finder": config, **settings}
        monkeypatch.setattr(toy, "config", replace(toy.config, **settings))
        return Engine(toy)

    return make


CARS = points_at((0.1, 0.9, 0.9), (0.15, 0.85, 0.8), (0.9, 0.1, 0.7), (0.5, 0.5, 0.2))


@pytest.mark.parametrize("typed", [False, True])
@pytest.mark.parametrize("prompt", ["How many cars are there?", "Count the vehicles.", "How many parked cars?"])
def test_number_is_the_count_of_found_objects(finding: Callable[..., Engine], prompt: str, typed: bool) -> None:
    (answer,) = finding({"car": CARS}).answer([ask(0, prompt, is_whole_number=typed)])
    assert (answer.text, answer.form, answer.finish_reason) == ("3", "count", "stop")
    assert 0 < answer.confidence < 1


def test_nothing_found_is_zero(finding: Callable[..., Engine]) -> None:
    (answer,) = finding({"car": CARS}).answer([ask(0, "How many airplanes are there?")])
    assert answer.text == "0"
    assert answer.confidence == pytest.approx(1.0)


def test_count_beyond_the_listed_numbers(finding: Callable[..., Engine]) -> None:
    (answer,) = finding({"tree": points_at(*[(0.5, 0.5, 0.9)] * 137)}).answer([ask(0, "How many trees are there?")])
    assert answer.text == "137"


def test_number_outside_the_allowed_ones_is_not_counted(finding: Callable[..., Engine], searches: Searches) -> None:
    asks = [ask(0, "How many cars are there?", is_whole_number=True, choices=("1", "2"))]
    (answer,) = finding({"car": CARS}).answer(asks)
    assert answer.text in ("1", "2")
    assert (answer.form, len(searches)) == ("number", 1)


@pytest.mark.parametrize(
    "prompt",
    [
        "How many large cars are there?",
        "How many cars are on the road?",
        "How many lakes are there?",
        "How many cars and trees are there?",
    ],
)
def test_other_numbers_are_chosen_by_the_model(finding: Callable[..., Engine], searches: Searches, prompt: str) -> None:
    (answer,) = finding({"car": CARS}).answer([ask(0, prompt)])
    assert answer.text.isdecimal()
    assert (answer.form, searches) == ("number", [])


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("Where are the cars?", "bottom left"),
        ("In which part of the image is the group of vehicles?", "bottom left"),
        ("Where is the lake?", "top"),
        ("Which side or corner holds the water?", "top"),
    ],
)
def test_place_is_that_of_the_densest_group(finding: Callable[..., Engine], prompt: str, wanted: str) -> None:
    water = torch.zeros(30, 30)
    water[:8, 11:20] = 0.9
    engine = finding({"car": CARS}, {"water": water})
    (answer,) = engine.answer([ask(0, prompt)])
    assert (answer.text, answer.form) == (wanted, "found_place")


@pytest.mark.parametrize("prompt", ["Where is the small car?", "Where is the tent?", "Where is the car on the bridge?"])
def test_other_places_are_chosen_by_the_model(finding: Callable[..., Engine], prompt: str) -> None:
    (answer,) = finding({"car": CARS}).answer([ask(0, prompt)])
    assert answer.text in PLACES
    assert answer.form == "place"


def colored(*boxes: tuple[tuple[int, int, int, int], str]) -> Ask:
    """Return an ask about a gray picture of 96 x 80 pixels with colored boxes."""
    image = Image.new("RGB", (96, 80), (120, 125, 118))
    for box, color in boxes:
        ImageDraw.Draw(image).rectangle(box, color)
    return replace(ask(0), image=image, image_key=str(boxes))


RED, BLUE, GREEN = "#be1e23", "#285abe", "#3c8232"
SHOWN = colored(((6, 66, 13, 75), RED), ((82, 2, 90, 12), RED), ((44, 36, 52, 44), BLUE), ((60, 60, 95, 79), GREEN))


@pytest.mark.parametrize(
    ("prompt", "count"), [("How many red cars are there?", "2"), ("How many cars are there?", "3")]
)
def test_objects_of_a_color_are_counted(finding: Callable[..., Engine], prompt: str, count: str) -> None:
    engine = finding({"car": points_at((0.1, 0.88, 0.9), (0.9, 0.09, 0.8), (0.5, 0.5, 0.7))})
    (answer,) = engine.answer([replace(SHOWN, prompt=prompt)])
    assert (answer.text, answer.form) == (count, "count")


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("Where is the red car?", "top right"),  # the object with the color, not the surest one
        ("Where is the blue car?", "center"),  # no object has the color, so that any part may
        ("Where is the red tent on the hill?", "top right"),  # the finder does not know tents
        ("Where is the blue lake?", "center"),
    ],
)
def test_place_of_a_color(finding: Callable[..., Engine], prompt: str, wanted: str) -> None:
    picture = colored(((82, 2, 94, 14), RED), ((40, 32, 56, 48), BLUE), ((70, 60, 95, 79), GREEN))
    engine = finding({"car": points_at((0.1, 0.88, 0.9), (0.92, 0.1, 0.4))})
    (answer,) = engine.answer([replace(picture, prompt=prompt)])
    assert (answer.text, answer.form) == (wanted, "colored_place")


def test_a_doubtful_object_with_the_color_does_not_outweigh_a_sure_one(finding: Callable[..., Engine]) -> None:
    pale = "#d8d8d4"
    picture = colored(((4, 64, 20, 78), pale), ((76, 2, 92, 16), "white"))
    engine = finding({"car": points_at((0.125, 0.89, 0.9), (0.875, 0.11, 0.09))})
    (answer,) = engine.answer([replace(picture, prompt="Where is the white car?")])
    assert answer.text == "bottom left"


def test_a_color_that_the_picture_lacks_has_no_place(finding: Callable[..., Engine]) -> None:
    green = replace(ask(0, "Where is the red car?"), image=Image.new("RGB", (96, 80), GREEN), image_key="green")
    (answer,) = finding({}).answer([green])
    assert (answer.text in PLACES, answer.form) == (True, "place")


def test_the_color_of_a_point_without_a_box_is_that_around_it(finding: Callable[..., Engine]) -> None:
    picture = colored(((40, 32, 56, 48), BLUE))
    point = FoundPoint(48, 40, 0.9, (0, 0, 96, 80))
    for boxed, count in ((("car",), "0"), ((), "1")):
        engine = finding({"car": [point]}, finder=FinderConfig(boxed=boxed))
        (answer,) = engine.answer([replace(picture, prompt="How many blue cars are there?")])
        assert answer.text == count


def test_region_of_the_noun_decides_between_equal_colors(finding: Callable[..., Engine]) -> None:
    water = torch.zeros(30, 30)
    water[20:, :10] = 0.9
    picture = colored(((4, 64, 20, 78), BLUE), ((76, 2, 92, 16), BLUE))
    (answer,) = finding({}, {"water": water}).answer([replace(picture, prompt="Where is the blue lake?")])
    assert answer.text == "bottom left"


def test_thing_that_is_not_found_is_placed_by_the_model(finding: Callable[..., Engine]) -> None:
    answers = finding({}).answer([ask(0, "Where is the airplane?"), ask(0, "Where is the river?")])
    assert all(answer.text in PLACES and answer.form == "place" for answer in answers)


def test_answer_is_one_token(finding: Callable[..., Engine]) -> None:
    first, last = finding({"car": CARS}).stream([ask(0, "Where are the cars?", top_logprobs=3)])
    assert first.token is not None
    assert last.answer is not None
    assert last.answer.tokens == (first.token,)
    assert (first.token.text, len(first.token.top)) == ("bottom left", 1)


def test_a_picture_is_searched_once(finding: Callable[..., Engine], searches: Searches) -> None:
    engine = finding({"car": CARS}, {"water": torch.ones(30, 30)})
    prompts = ["How many cars are there?", "How many trees are there?", "Where are the cars?", "Where is the lake?"]
    engine.answer([ask(0, prompt) for prompt in prompts])
    engine.answer([ask(0, prompt) for prompt in prompts])
    assert searches == [("points", None), ("regions", None)]
    engine.answer([ask(1, prompts[0]), ask(0, prompts[0], gsd_m=0.5)])
    assert searches[2:] == [("points", None), ("points", 0.5)]


def test_batch_with_found_and_other_answers(finding: Callable[..., Engine]) -> None:
    engine = finding({"car": CARS})
    counts = ask(1, "How many cars are there?"), ask(3, "Count the cars.")
    asks = [ask(0), counts[0], ask(2, "gray", choices=("yes", "no")), counts[1]]
    answers = engine.answer(asks)
    assert [answers[1].text, answers[3].text] == ["3", "3"]
    assert [answer.text for answer in answers] == [engine.answer([single])[0].text for single in asks]


def test_tokens_of_other_answers_are_reported_for_their_asks(finding: Callable[..., Engine]) -> None:
    engine, early = finding({"car": CARS}), list[Step]()
    engine.early = early.append
    steps = [*engine.stream([ask(0, "Count the cars."), ask(1, beams=3), ask(2, beams=3)])]
    assert {step.index for step in early} <= {1, 2}
    assert sorted(step.index for step in steps if step.answer) == [0, 1, 2]


def test_cancelled_ask_is_not_searched(finding: Callable[..., Engine], searches: Searches) -> None:
    cancelled = ask(0, "How many cars are there?")
    cancelled.cancel.set()
    (answer,) = finding({"car": CARS}).answer([cancelled])
    assert (answer.finish_reason, answer.text, searches) == ("cancelled", "", [])


def test_search_ends_after_the_window_in_which_its_ask_is_canceled(
    finding: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, canceled, windows = finding({"car": CARS}), ask(0, "How many cars are there?"), 0

    def search(*given: Any) -> Any:
        nonlocal windows
        for windows in (1, 2, 3):
            if windows == 2:
                canceled.cancel.set()
            given[-1]()
        return {}

    monkeypatch.setattr(finder_answers, "search", search)
    (answer,) = engine.answer([canceled])
    assert (answer.finish_reason, answer.text, windows) == ("cancelled", "", 2)


def test_confidence_is_calibrated_by_form(finding: Callable[..., Engine]) -> None:
    asks = [ask(0, "How many cars are there?"), ask(0, "Where are the cars?")]
    plain = finding({"car": CARS}).answer(asks)
    scaled = finding({"car": CARS}, calibration=SCALES).answer(asks)
    assert all(low.confidence < high.confidence for low, high in zip(scaled, plain, strict=True))


def test_questions_that_are_not_recognized_are_answered_by_the_model(
    finding: Callable[..., Engine], searches: Searches
) -> None:
    free, typed = finding({"car": CARS}).answer([ask(0, "Cars?"), ask(0, "Cars?", is_whole_number=True)])
    assert free.form not in ("count", "number")
    assert (typed.form, searches) == ("number", [])


@pytest.mark.parametrize(
    ("chances", "count", "probability"),
    [([], 0, 1.0), ([0.5], 1, 0.5), ([0.5, 0.5], 2, 0.25), ([0.5, 0.7], 2, 0.35), ([0.2], 0, 0.8)],
)
def test_probability_of_a_count(chances: list[float], count: int, probability: float) -> None:
    assert count_of(chances) == pytest.approx((count, probability))


@pytest.mark.parametrize(
    ("chances", "presence", "count", "probability"),
    [
        ([0.3, 0.1], 0.9, 1, 0.9 * 0.34 / 0.37),
        ([0.3, 0.1], 0.7, 0, 0.63),
        ([0.6, 0.3], 0.99, 1, 0.54),
    ],
)
def test_what_is_surely_there_is_counted_at_least_once(
    chances: list[float], presence: float, count: int, probability: float
) -> None:
    assert count_of(chances, presence) == pytest.approx((count, probability))


@pytest.mark.parametrize(
    ("prompt", "presence", "count"),
    [
        ("How many cars are there?", 0.9, "1"),
        ("How many parked cars?", 0.9, "1"),
        ("How many cars are there?", 0.7, "0"),
        ("How many cars are there?", None, "0"),
        ("How many red cars are there?", 0.9, "0"),
    ],
)
def test_doubtful_point_of_what_the_classifier_sees(
    finding: Callable[..., Engine], prompt: str, presence: float | None, count: str
) -> None:
    model = finding({"car": points_at((0.5, 0.5, 0.2))}).model
    row = AnswerRow(model, ask(0, prompt, choices=NUMBERS, is_whole_number=True), 3, QUESTIONS[prompt])
    row.presence = presence
    *_, step = FinderAnswers(model).stream([row])
    assert step.answer is not None
    assert step.answer.text == count


@pytest.mark.parametrize(
    ("prompt", "presence", "is_counted"),
    [
        ("How many cars are there?", 0.9, False),
        ("How many cars are there?", 0.7, True),
        ("How many red cars are there?", 0.9, True),
    ],
)
def test_what_the_classifier_sees_and_the_finder_does_not_is_left_to_the_language_model(
    finding: Callable[..., Engine], prompt: str, presence: float, is_counted: bool
) -> None:
    model = finding({"car": []}).model
    row = AnswerRow(model, ask(0, prompt, choices=NUMBERS, is_whole_number=True), 3, QUESTIONS[prompt])
    row.presence = presence
    assert bool([*FinderAnswers(model).stream([row])]) is is_counted


def test_doubtful_points_lower_the_confidence() -> None:
    sure, doubtful = count_of([0.9, 0.9]), count_of([0.9, 0.9, 0.4])
    assert sure[0] == doubtful[0] == 2
    assert doubtful[1] < sure[1]


@pytest.mark.parametrize(
    ("noun", "wanted"), [("water", "water"), ("lakes", "water"), ("street", "road"), ("tent", None), ("", None)]
)
def test_nouns_of_regions(noun: str, wanted: str | None) -> None:
    assert region_of(noun, FinderConfig().regions) == wanted
