"""What can be answered without a look at the pictures: the most frequent answers of training questions. No model."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from ..data.annotations import QuestionRecord
from .question_accuracy import normalised
from .report.rounding import percent

Guess = Callable[[QuestionRecord], str]


def baselines(training: Sequence[QuestionRecord], asked: Sequence[QuestionRecord]) -> dict[str, dict[str, float]]:
    """Accuracy by kind of question, and the average, of two ways to guess.

    kind: the most frequent training answer to questions of that kind. words: that to the question's own words, where
    the training questions hold them; else as for kind.
    """
    of_kind = _most_frequent(training, lambda one: one.kind)
    of_words = _most_frequent(training, lambda one: f"{one.kind} {normalised(one.question)}")

    def by_kind(one: QuestionRecord) -> str:
        return of_kind.get(one.kind, "")

    def by_words(one: QuestionRecord) -> str:
        return of_words.get(f"{one.kind} {normalised(one.question)}", by_kind(one))

    return {"kind": _accuracy(asked, by_kind), "words": _accuracy(asked, by_words)}


def _most_frequent(questions: Sequence[QuestionRecord], group: Callable[[QuestionRecord], str]) -> dict[str, str]:
    """The most frequent answer of each group, normalised; of those that are equally frequent, the first."""
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    for one in questions:
        answers[group(one)][normalised(one.answer)] += 1
    return {name: counted.most_common(1)[0][0] for name, counted in answers.items()}


def _accuracy(asked: Sequence[QuestionRecord], guess: Guess) -> dict[str, float]:
    right: dict[str, list[bool]] = defaultdict(list)
    for one in asked:
        is_right = guess(one) in {normalised(answer) for answer in (one.answer, *one.others)}
        right[one.kind].append(is_right)
        right["average"].append(is_right)
    order = [*sorted(right.keys() - {"average"}), "average"]
    return {kind: percent(sum(right[kind]) / len(right[kind])) for kind in order if right[kind]}
