"""Answers of the task "show": where in the picture the thing is that a question asks about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rsgpt_plugin.shared.answers.answered_by import FINDER
from rsgpt_plugin.shared.objects.shown import shown_text

from ...predictor import Ask, Step
from ..answer_row import AnswerRow
from .classifier_answers import ClassifierAnswers
from .finder_answers import FinderAnswers

_ABSENT = ("0", "no")


class Showing:
    """Shows what the heads of a model answer, from the same computations as their answers."""

    def __init__(
        self,
        rows: Callable[[Sequence[Ask]], list[AnswerRow]],
        classifier_answers: ClassifierAnswers,
        finder_answers: FinderAnswers,
    ) -> None:
        """rows: returns the rows of asks with their questions read."""
        self._rows, self._classifier_answers, self._finder_answers = rows, classifier_answers, finder_answers

    def stream(self, asks: Sequence[Ask]) -> Iterator[Step]:
        """Yield the answer to each ask; its text is that of shared/objects/shown.py.

        Raises EngineError if a search fails.
        """
        rows = self._rows(asks)
        said = {step.index: step.answer.text for step in self._classifier_answers.stream(rows) if step.answer}
        for index, row in enumerate(rows):
            is_left = not row.ask.cancel.is_set()
            shown = self._finder_answers.show(row, said.get(index) in _ABSENT) if is_left else None
            if shown is None:
                yield Step(index, answer=row.finish("cancelled"))
                continue
            yield Step(index, token=row.select(shown_text(shown), 1.0, "shown", FINDER))
            yield Step(index, answer=row.finish("stop"))
