"""Guesses from training questions; only a model that beats them uses the pictures."""

from __future__ import annotations

from rsgpt_backend.data.annotations import QuestionRecord
from rsgpt_backend.evaluate.baselines import baselines


def asked(question: str, answer: str, kind: str = "presence", *others: str) -> QuestionRecord:
    return QuestionRecord("a.png", question, answer, kind, others)


TRAINING = [
    *[asked("Any trees?", "yes")] * 2,
    *[asked("Any airplane?", "no")] * 3,
    asked("How many?", "two", "quantity"),
    asked("How many?", "3", "quantity"),
    asked("How many?", "Two", "quantity"),
]


def test_guesses_by_kind_and_by_words() -> None:
    test = [
        asked("Any trees?", "Yes"),
        asked("any airplane", "no"),
        asked("Any lake?", "no"),
        asked("How many?", "2", "quantity"),
        asked("How many?", "five", "quantity"),
    ]
    found = baselines(TRAINING, test)
    assert found["kind"] == {"presence": 66.67, "quantity": 50.0, "average": 60.0}
    assert found["words"] == {"presence": 100.0, "quantity": 50.0, "average": 80.0}


def test_other_right_answers_count() -> None:
    assert baselines(TRAINING, [asked("How many?", "some", "quantity", "two")])["kind"]["quantity"] == 100.0


def test_an_unknown_kind_is_never_guessed() -> None:
    assert baselines(TRAINING, [asked("Where?", "left", "position")])["words"] == {"position": 0.0, "average": 0.0}
