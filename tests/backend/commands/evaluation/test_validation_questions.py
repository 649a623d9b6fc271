"""Questions for calibration: limited per kind, balanced, and asked as the plugin asks them."""

from __future__ import annotations

from collections import Counter

import pytest

from rsgpt_backend.commands.evaluation.validation_questions import validation_questions
from rsgpt_backend.data.annotations import CaptionRecord, QuestionRecord
from rsgpt_backend.train.examples.derived_questions import TrainingExample, choice_example, presence_examples
from rsgpt_backend.train.examples.object_questions import MANY
from rsgpt_backend.train.examples.prompts import count_prompts
from rsgpt_backend.train.examples.samples import Sample


def sample(number: int, *examples: TrainingExample) -> Sample:
    name = f"{number}.png"
    made = Sample(name, CaptionRecord(name, ()), 0)
    for example in examples:
        made.add(example)
    return made


def presence(number: int, is_present: bool) -> Sample:
    return sample(number, *presence_examples(f"{number}.png", ["trees"], is_present))


def count(number: int, answer: str) -> Sample:
    return sample(number, TrainingExample(f"{number}.png", count_prompts("cars"), (answer,), "quantity", False))


@pytest.mark.parametrize(("present", "absent", "counts"), [(40, 40, (5, 5)), (40, 2, (8, 2)), (3, 40, (3, 5))])
def test_half_of_the_things_are_absent_if_there_are_enough(present: int, absent: int, counts: tuple[int, int]) -> None:
    samples = [presence(number, number < present) for number in range(present + absent)]
    answers = Counter(question.answer for question in validation_questions(samples, 10))
    assert (answers["yes"], answers["no"]) == counts


def test_pictures_and_wordings_are_spread() -> None:
    questions = validation_questions([presence(number, True) for number in range(100)], 10)
    assert [question.filename for question in questions] == [f"{number}.png" for number in range(0, 100, 10)]
    assert len({question.question for question in questions}) == 10


def test_numbers_that_are_not_exact_are_left_out() -> None:
    questions = validation_questions([count(1, "three"), count(2, MANY), count(3, "zero")], 10)
    assert sorted(question.answer for question in questions) == ["three", "zero"]


def test_choices_are_listed_apart_from_the_question() -> None:
    example = choice_example("1.png", "lake", [["road", "street"], ["forest"]])
    (question,) = validation_questions([sample(1, example)], 10)
    assert "Choose" not in question.question
    assert question.question.endswith("?") or question.question.endswith(".")
    assert "lake" in question.choices
    assert set(question.choices) <= {"lake", "road", "street", "forest"}


def test_all_true_names_are_right() -> None:
    example = TrainingExample("1.png", ("What is it?",), ("port", "harbor"), "described kind", False)
    wanted = QuestionRecord("1.png", "What is it?", "port", "described kind", ("harbor",))
    assert validation_questions([sample(1, example)], 10) == [wanted]
