"""What the classifier answers, and when the language model answers instead. Its scores are fixed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

from rsgpt_backend.engine.answer_row import AnswerRow
from rsgpt_backend.engine.choices import Proposal
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.engine.heads.classifier_answers import ClassifierAnswers, implied_thing
from rsgpt_backend.engine.heads.question_reader import ParsedQuestion
from rsgpt_backend.errors import EngineError
from rsgpt_backend.model.config import ClassifierConfig
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.predictor import NUMBERS, Ask
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.places import PLACES
from rsgpt_plugin.shared.vocabulary.kinds import EXACT
from rsgpt_plugin.shared.vocabulary.kinds import KINDS as NAMES
from tests.backend.toy import CELLS, VISION_WIDTH, ask

CONFIG = ClassifierConfig(("water", "car", "bare soil"), ("residential", "forest", "sea", "farmland"))
QUESTIONS = {
    "Is there any water?": ParsedQuestion("presence", "water"),
    "Any water?": ParsedQuestion("presence", "water"),
    "Can you see any vehicles here?": ParsedQuestion("presence", "vehicles"),
    "Are there any cars?": ParsedQuestion("presence", "cars"),
    "Is bare ground visible in this image?": ParsedQuestion("presence", "bare ground"),
    "Is there any red car?": ParsedQuestion("presence", "car", ("red",)),
    "Are there any cars on the road?": ParsedQuestion("presence", "cars", (), "on the road"),
    "Is there a swimming pool?": ParsedQuestion("presence", "swimming pool"),
    "How many cars are there?": ParsedQuestion("number", "cars"),
    "How many red cars are there?": ParsedQuestion("number", "cars", ("red",)),
    "How many automobiles are on the road?": ParsedQuestion("number", "automobiles", (), "on the road"),
    "How many puddles of water?": ParsedQuestion("number", "water"),
    "How many tents are there?": ParsedQuestion("number", "tents"),
    "What kind of area is this?": ParsedQuestion("area"),
    "How would you call such an area?": ParsedQuestion("area"),
    "Where is the water?": ParsedQuestion("place", "water"),
    "In which part is the red car?": ParsedQuestion("place", "car", ("red",)),
    "Where are the woods?": ParsedQuestion("place", "woods"),
    "Where is the tent?": ParsedQuestion("place", "tent"),
}
PRESENT = (0.9, 0.15, 0.7)  # probabilities of the things
KINDS = (0.6, 0.25, 0.1, 0.05)
SCALES = {"presence": (1.0, -1.0), "kind": (1.0, -2.0)}


class FixedClassifier:
    """Returns the same maps, [cells, things and kinds], for each picture."""

    def __init__(self, maps: Tensor) -> None:
        self._maps = maps

    def __call__(self, features: Tensor) -> tuple[Tensor, Tensor]:
        things, kinds = self.maps(features)
        return things.mean(1), kinds.mean(1)

    def maps(self, features: Tensor) -> tuple[Tensor, Tensor]:
        things, kinds = self._maps.expand(len(features), -1, -1).split([len(CONFIG.things), len(CONFIG.kinds)], dim=2)
        return things, kinds


def row_of(model: Rsgpt, asked: Ask, question: str) -> AnswerRow:
    return AnswerRow(model, asked, 3, QUESTIONS.get(question))


def no_features(asks: Sequence[Ask]) -> Tensor:
    return torch.zeros(len(asks), CELLS, VISION_WIDTH)


@pytest.fixture
def classifying(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch, recognize: Callable[..., None]) -> Callable[..., Engine]:
    """Return a function that makes an engine whose classifier has fixed scores for each picture."""
    recognize(QUESTIONS)

    def make(
        kinds: tuple[float, ...] = KINDS,
        scales: dict[str, tuple[float, float]] | None = None,
        maps: Tensor | None = None,
    ) -> Engine:
        odds = torch.tensor([math.log(share / (1 - share)) for share in PRESENT])

        outputs = torch.cat([odds, torch.tensor(kinds).log()])
        monkeypatch.setattr(
            toy, "classifier", FixedClassifier(outputs.expand(CELLS, -1).clone() if maps is None else maps)
        )
        settings: dict[str, Any] = {"classifier": CONFIG, "calibration": scales or {}}
        monkeypatch.setattr(toy, "config", replace(toy.config, **settings))
        return Engine(toy)

    return make


@pytest.mark.parametrize(
    ("prompt", "text", "confidence"),
    [
        ("Is there any water?", "yes", 0.9),
        ("Can you see any vehicles here?", "no", 0.85),
        ("Is bare ground visible in this image?", "yes", 0.7),
    ],
)
@pytest.mark.parametrize("typed", [False, True])
def test_presence(classifying: Callable[..., Engine], prompt: str, text: str, confidence: float, typed: bool) -> None:
    (answer,) = classifying().answer([ask(0, prompt, choices=AnswerType.YESNO.allowed if typed else ())])
    assert (answer.text, answer.form, answer.finish_reason) == (text, "presence", "stop")
    assert answer.confidence == pytest.approx(confidence, abs=1e-4)


@pytest.mark.parametrize(
    "prompt",
    [
        "Is there any red car?",
        "Are there any cars on the road?",
        "Are there more than two cars?",
        "Is there a swimming pool?",
        "Is there water or bare ground?",
    ],
)
def test_other_questions_are_answered_by_the_language_model(classifying: Callable[..., Engine], prompt: str) -> None:
    (answer,) = classifying().answer([ask(0, prompt)])
    assert answer.form not in ("presence", "kind", "area")


@pytest.mark.parametrize("prompt", ["How many cars are there?", "How many red cars are there?"])
@pytest.mark.parametrize("typed", [False, True])
def test_there_are_none_of_what_is_absent(classifying: Callable[..., Engine], prompt: str, typed: bool) -> None:
    (answer,) = classifying().answer([ask(0, prompt, is_whole_number=typed)])
    assert (answer.text, answer.form) == ("0", "presence")
    assert answer.confidence == pytest.approx(0.85, abs=1e-4)


@pytest.mark.parametrize(
    "prompt", ["How many automobiles are on the road?", "How many puddles of water?", "How many tents are there?"]
)
def test_other_numbers_are_chosen_by_the_language_model(classifying: Callable[..., Engine], prompt: str) -> None:
    (answer,) = classifying().answer([ask(0, prompt)])
    assert (answer.text.isdecimal(), answer.form) == (True, "number")


def test_a_present_thing_makes_zero_unlikely(classifying: Callable[..., Engine]) -> None:
    prompt = "How many puddles of water?"
    row = row_of(classifying().model, ask(0, prompt, choices=NUMBERS, is_whole_number=True), prompt)
    ClassifierAnswers(classifying().model, no_features).propose([row])
    assert row.proposal is not None
    assert (tuple(row.proposal.logprobs), row.proposal.form) == (NUMBERS, "number")
    assert row.proposal.logprobs["0"] == pytest.approx(math.log(0.1), abs=1e-4)
    assert row.proposal.logprobs["7"] == pytest.approx(math.log(0.9), abs=1e-4)


def test_the_place_of_a_small_thing_in_a_large_picture_is_not_doubted(classifying: Callable[..., Engine]) -> None:
    large = replace(ask(0, choices=PLACES), image=Image.new("RGB", (64 * 3 + 1, 64)), image_key="large")
    model = classifying().model
    row = row_of(model, large, "In which part is the red car?")
    [*ClassifierAnswers(model, no_features).stream([row])]
    assert row.presence is None


def test_small_things_in_a_large_picture_may_be_too_small_to_see(classifying: Callable[..., Engine]) -> None:
    large = replace(ask(0, "How many cars are there?"), image=Image.new("RGB", (64 * 3 + 1, 64)), image_key="large")
    engine = classifying()
    (answer,) = engine.answer([large])
    assert answer.form == "number"
    row = row_of(engine.model, replace(large, choices=NUMBERS, is_whole_number=True), "How many cars are there?")
    ClassifierAnswers(engine.model, no_features).propose([row])
    assert row.proposal is None


@pytest.mark.parametrize(
    ("noun", "thing"),
    [("houses", "building"), ("roof", "building"), ("car", "car"), ("courts", None), ("trucks", None)],
)
def test_what_the_absence_of_a_thing_implies(noun: str, thing: str | None) -> None:
    assert implied_thing(noun, ClassifierConfig(("building", "car", "court"))) == thing


def test_a_number_without_zero_is_not_answered_with_zero(classifying: Callable[..., Engine]) -> None:
    asked = ask(0, "How many cars are there?", is_whole_number=True, choices=("1", "2"))
    (answer,) = classifying().answer([asked])
    assert answer.text in ("1", "2")


def choice(*options: str, question: str = "What kind of area is this?") -> tuple[str, tuple[str, ...]]:
    return AnswerType.CHOICE.prompt(question, options), options


@pytest.mark.parametrize("options", [("forest", "residential area", "sea"), ("sea", "forest", "residential area")])
def test_kind_of_area_does_not_depend_on_the_order(
    classifying: Callable[..., Engine], options: tuple[str, ...]
) -> None:
    prompt, choices = choice(*options)
    (answer,) = classifying().answer([ask(0, prompt, choices=choices)])
    assert (answer.text, answer.form) == ("residential area", "kind")
    assert answer.confidence == pytest.approx(0.6 / 0.95, abs=1e-4)  # farmland is none of the options


@pytest.mark.parametrize(
    ("options", "question"),
    [
        (("farmland", "sea"), "What kind of area is this?"),  # the picture is most likely neither
        (("forest", "something else"), "What kind of area is this?"),
        (("forest", "residential area"), "What is next to the road?"),
        (("yes", "no"), "Is this a residential area?"),
        (("dense residential", "sparse residential"), "What kind of area is this?"),  # of the same group
        (("forest", "no forest"), "What kind of area is this?"),
    ],
)
def test_other_choices_are_scored_by_the_language_model(
    classifying: Callable[..., Engine], options: tuple[str, ...], question: str
) -> None:
    prompt, choices = choice(*options, question=question)
    (answer,) = classifying().answer([ask(0, prompt, choices=choices)])
    assert answer.form in ("choice", "yes_no")


@pytest.mark.parametrize("kinds", [(0.03, 0.95, 0.01, 0.01), (0.1, 0.1, 0.1, 0.1)])
def test_free_kind_of_area_is_a_name_of_a_likely_kind(
    classifying: Callable[..., Engine], kinds: tuple[float, ...]
) -> None:
    prompts = ["What kind of area is this?", "How would you call such an area?", "Is there any water?"]
    answers = classifying(kinds).answer([ask(0, prompt) for prompt in prompts])
    assert [answer.form for answer in answers] == ["area", "area", "presence"]
    likely = [kind for kind, share in zip(CONFIG.kinds, kinds, strict=True) if share >= max(kinds) - 0.01]
    assert {answer.text for answer in answers[:2]} <= {
        name for kind in likely for name in (*NAMES[kind], *EXACT.get(kind, ()))
    }


@pytest.mark.parametrize(
    ("prompt", "output"),
    [("Where is the water?", 0), ("In which part is the red car?", 1), ("Where are the woods?", 4)],
)
@pytest.mark.parametrize(
    ("cell", "corner"), [(0, "top left"), (1, "top right"), (2, "bottom left"), (3, "bottom right")]
)
def test_place_is_where_the_thing_is_seen(
    classifying: Callable[..., Engine], prompt: str, output: int, cell: int, corner: str
) -> None:
    maps = torch.zeros(CELLS, len(CONFIG.things) + len(CONFIG.kinds))
    maps[cell, output] = 9.0
    engine = classifying(maps=maps)
    row = row_of(engine.model, ask(0, prompt, choices=PLACES), prompt)
    ClassifierAnswers(engine.model, no_features).propose([row])
    assert row.proposal is not None
    logprobs = row.proposal.logprobs
    assert (row.ask.choices, row.proposal.form) == (PLACES, "place")
    assert max(logprobs, key=logprobs.__getitem__) == corner
    (answer,) = engine.answer([ask(0, prompt)])
    assert (answer.text in PLACES, answer.form) == (True, "place")


@pytest.mark.parametrize(
    ("prompt", "presence"),
    [
        ("How many puddles of water?", 0.9),
        ("Are there any cars?", 0.15),
        ("Where is the water?", 0.9),
        ("In which part is the red car?", 0.15),
        ("Where is the tent?", None),
        ("What kind of area is this?", None),
        ("How many tents are there?", None),
    ],
)
def test_presence_of_the_thing_of_a_question_is_noted(
    classifying: Callable[..., Engine], prompt: str, presence: float | None
) -> None:
    model = classifying().model
    choices = {"number": NUMBERS, "place": PLACES}.get(QUESTIONS[prompt].kind, ("yes", "no"))
    row = row_of(model, ask(0, prompt, choices=choices, is_whole_number=choices == NUMBERS), prompt)
    [*ClassifierAnswers(model, no_features).stream([row])]
    assert row.presence == (presence if presence is None else pytest.approx(presence))


def test_the_place_of_what_is_hardly_there_is_doubtful(classifying: Callable[..., Engine]) -> None:
    maps = torch.zeros(CELLS, len(CONFIG.things) + len(CONFIG.kinds))
    present, absent = maps.clone(), maps.clone()
    present[:, 0], absent[:, 0] = 4.0, -4.0
    sure, doubtful = (
        classifying(maps=outputs).answer([ask(0, "Where is the water?")])[0] for outputs in (present, absent)
    )
    assert sure.text == doubtful.text
    ratio = math.exp(-4.0)  # of the probabilities of water
    assert doubtful.confidence == pytest.approx(sure.confidence * ratio)


@pytest.mark.parametrize("prompt", ["Where is the tent?", "How many cars are there?", "Is there any water?"])
def test_nothing_is_proposed_for_other_questions(classifying: Callable[..., Engine], prompt: str) -> None:
    model = classifying().model
    row = row_of(model, ask(0, prompt, choices=PLACES), prompt)
    ClassifierAnswers(model, no_features).propose([row])
    assert row.proposal is None


def test_nothing_is_proposed_to_canceled_asks(classifying: Callable[..., Engine]) -> None:
    model, prompt = classifying().model, "What kind of area is this?"
    row = row_of(model, ask(0, prompt), prompt)
    row.ask.cancel.set()
    ClassifierAnswers(model, no_features).propose([row])
    assert row.proposal is None


def test_a_proposal_outweighs_equal_scores_of_the_language_model(toy: Rsgpt) -> None:
    row = AnswerRow(toy, ask(0, "What kind of area is this?"), 3)
    row.propose(Proposal({"forest": math.log(0.2), "sea": math.log(0.6)}, "area"))
    assert row.choose([-1.0, -1.0]).text == "sea"
    answer = row.finish("stop")
    assert answer.form == "area"
    assert answer.confidence == pytest.approx(0.75)
    assert row.choose([-1.0, -9.0]).text == "forest"


def test_choices_of_the_same_group_are_proposed(classifying: Callable[..., Engine]) -> None:
    prompt = "What kind of area is this?"
    options = ("tidal flat", "forest", "woods")
    model = classifying().model
    row = row_of(model, ask(0, AnswerType.CHOICE.prompt(prompt, options), choices=options), prompt)
    ClassifierAnswers(model, no_features).propose([row])
    assert row.proposal is not None
    assert (row.ask.choices, row.proposal.form) == (options, "choice")
    shares = [math.exp(logprob) for logprob in row.proposal.logprobs.values()]
    assert shares == pytest.approx([0.75, 0.125, 0.125])  # all but the forest, which two options name


def test_a_map_that_is_even_makes_no_place_likelier(classifying: Callable[..., Engine]) -> None:
    model = classifying(maps=torch.zeros(64, len(CONFIG.things) + len(CONFIG.kinds))).model
    row = row_of(model, ask(0, "Where is the water?", choices=PLACES), "Where is the water?")
    ClassifierAnswers(model, no_features).propose([row])
    assert row.proposal is not None
    assert list(row.proposal.logprobs.values()) == pytest.approx([math.log(1 / 9 + 0.02)] * 9)


@pytest.mark.parametrize("prompt", ["Is there any water?", "What kind of area is this?", "Where is the water?"])
def test_infinite_outputs_are_an_error(classifying: Callable[..., Engine], prompt: str) -> None:
    maps = torch.full((CELLS, len(CONFIG.things) + len(CONFIG.kinds)), math.nan)
    with pytest.raises(EngineError, match="NaN or infinity"):
        classifying(maps=maps).answer([ask(0, prompt)])


def test_temperature_does_not_change_what_the_classifier_says(classifying: Callable[..., Engine]) -> None:
    (answer,) = classifying().answer([ask(0, "Is there any water?", temperature=2.0)])
    assert (answer.text, answer.form) == ("yes", "presence")


def test_answers_are_calibrated(classifying: Callable[..., Engine]) -> None:
    prompt, choices = choice("forest", "residential area")
    plain, scaled = (
        classifying(scales=scales).answer([ask(0, "Any water?"), ask(0, prompt, choices=choices)])
        for scales in (None, SCALES)
    )
    assert [one.text for one in plain] == [one.text for one in scaled] == ["yes", "residential area"]
    assert all(one.confidence > other.confidence for one, other in zip(plain, scaled, strict=True))


def test_a_batch_keeps_its_order(classifying: Callable[..., Engine]) -> None:
    prompts = ["Describe this image.", "Is there any water?", "What is this?", "Are there any cars?"]
    answers = classifying().answer([ask(number, prompt) for number, prompt in enumerate(prompts)])
    assert [answer.form == "presence" for answer in answers] == [False, True, False, True]
    assert [answers[1].text, answers[3].text] == ["yes", "no"]


def test_a_canceled_ask_is_not_answered(classifying: Callable[..., Engine]) -> None:
    canceled = ask(0, "Is there any water?")
    canceled.cancel.set()
    (answer,) = classifying().answer([canceled])
    assert answer.finish_reason == "cancelled"
