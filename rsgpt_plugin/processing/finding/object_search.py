"""What a run searches for, and whether the model can find it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qgis.core import QgsFeedback
from qgis.PyQt.QtCore import QCoreApplication

from ...client.backends import identified_model
from ...client.installed_models import DEFAULT_MODEL, ModelInfo
from ...errors import ModelError, QuestionError
from ...shared.answers.questions import Question
from ...shared.model_abilities import FinderInfo
from ...shared.vocabulary.object_nouns import label_of
from ..run import ModelPrompts

translate = QCoreApplication.translate

_WINDOW = Question("objects", "", task="find_window")


@dataclass(frozen=True)
class WantedObjects(ModelPrompts):
    """Objects to find, and the model. labels: nouns for them, once `completed` the finder's names; () for all.

    A window is searched for all objects that the model knows, so that another object needs no second search.
    least_confidence: objects below it are left out, 0 to 1. is_boxed: write boxes instead of points.
    """

    model: ModelInfo
    labels: tuple[str, ...] = ()
    least_confidence: float = 0.0
    is_boxed: bool = False
    caption: str = ""
    questions: tuple[Question, ...] = (_WINDOW,)

    def describe(self) -> str:
        """Return what is searched for, one object per line."""
        return "\n".join(self.labels)

    @property
    def finder(self) -> FinderInfo:
        """What the model finds. Raises ModelError if it finds nothing."""
        if self.model.finder is None:
            message = translate(
                "Rsgpt",
                "The model {model} cannot find objects. Choose one that can, such as the built-in model {built_in}.",
            )
            raise ModelError(message.format(model=self.model.name, built_in=DEFAULT_MODEL))
        return self.model.finder

    def is_known(self) -> bool:
        """Return whether it is known what the model finds; a server must be asked first."""
        return self.model.finder is not None or not self.model.server

    def completed(self, feedback: QgsFeedback | None = None) -> WantedObjects:
        """Return the search with the labels of the model. Not on the main thread unless it `is_known`.

        Raises ModelError if the model finds nothing, QuestionError for an object that it does not find or has not
        learned the boxes of.
        """
        search = self if self.is_known() else replace(self, model=identified_model(self.model, feedback))
        finder = search.finder
        known = {noun: label_of(noun, finder.labels) for noun in search.labels}
        unknown = [noun for noun, label in known.items() if label is None]
        if unknown:
            message = translate("Rsgpt", "The model cannot find: {objects}. It finds: {labels}.")
            raise QuestionError(message.format(objects=", ".join(unknown), labels=", ".join(finder.labels)))
        labels = tuple(dict.fromkeys(label for label in known.values() if label is not None))
        unboxed = [label for label in labels if label not in finder.boxed]
        if search.is_boxed and unboxed:
            message = translate("Rsgpt", "The model has not learned the boxes of: {objects}. Write points instead.")
            raise QuestionError(message.format(objects=", ".join(unboxed)))
        return replace(search, labels=labels or tuple(finder.boxed if search.is_boxed else finder.labels))
