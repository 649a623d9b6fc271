"""Accuracy of guessing the most frequent training answers, without pictures and without a model."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from ..data.annotations import QuestionRecord
from .question_accuracy import normalized
from .report.rounding import percent

Guess = Callable[[QuestionRecord], str]


def baselines(training: Sequence[QuestionRecord], asked: Sequence[QuestionRecord]) -> dict[str, dict[str, float]]:
    """Return the accuracy by kind of question, and the average, in percent, for two ways to guess.

    kind: the most frequent training answer to questions of the same kind. words: the most frequent training answer to
    a question with the same words; if there is none, as for kind.
    """
    of_kind = _most_frequent(training, lambda question: question.kind)
    of_words = _most_frequent(training, lambda question: f"{question.kind} {normalized(question.question)}")

    def by_kind(question: QuestionRecord) -> str:
        return of_kind.get(question.kind, "")

    def by_words(question: QuestionRecord) -> str:
        return of_words.get(f"{question.kind} {normalized(question.question)}", by_kind(question))

    return {"kind": _accuracy(asked, by_kind), "words": _accuracy(asked, by_words)}


def _most_frequent(questions: Sequence[QuestionRecord], group: Callable[[QuestionRecord], str]) -> dict[str, str]:
    """Return the most frequent answer of each group, normalized; the first one if several are equally frequent."""
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    for question in questions:
        answers[group(question)][normalized(question.answer)] += 1
    return {name: counts.most_common(1)[0][0] for name, counts in answers.items()}


def _accuracy(asked: Sequence[QuestionRecord], guess: Guess) -> dict[str, float]:
    correct: dict[str, list[bool]] = defaultdict(list)
    for question in asked:
        is_correct = guess(question) in {normalized(answer) for answer in (question.answer, *question.others)}
        correct[question.kind].append(is_correct)
        correct["average"].append(is_correct)
    order = [*sorted(correct.keys() - {"average"}), "average"]
    return {kind: percent(sum(correct[kind]) / len(correct[kind])) for kind in order if correct[kind]}
