"""The task "show": where in the picture the thing is that a question asks about."""

from __future__ import annotations

from rsgpt_plugin.shared.objects.shown import Shown

from ...errors import EngineError
from ..answer_row import AnswerRow
from .classifier_answers import ClassifierAnswers
from .finder_answers import FinderAnswers

_ABSENT = ("0", "no")


def show(row: AnswerRow, classifier_answers: ClassifierAnswers, finder_answers: FinderAnswers) -> Shown:
    """Return where the thing of the row's question is, from the same computations as the answers of the heads.

    Raises EngineError if the ask is canceled.
    """
    said = {step.answer.text for step in classifier_answers.stream([row]) if step.answer}
    shown = finder_answers.show(row, is_absent=not said.isdisjoint(_ABSENT))
    if shown is None or row.ask.cancel.is_set():
        raise EngineError("The search of the picture was canceled.")
    return shown
