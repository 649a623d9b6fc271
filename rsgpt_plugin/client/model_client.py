"""The interface of all backends: many prompts for a run, one streamed prompt for a conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Optional, Protocol, Union

from qgis.core import QgsFeedback

from ..errors import RsgptError, ServerError
from ..unexpected import log_unexpected
from .installed_models import ModelInfo
from .server.protocol import Prompt, Reply, parse_reply

Outcome = Union[Reply, RsgptError]
Vectors = list[list[float]]


def cancel_check(feedback: Optional[QgsFeedback]) -> Callable[[], bool]:
    """Return a function that reports whether the user cancelled."""
    return feedback.isCanceled if feedback is not None else lambda: False


class ModelClient(Protocol):
    """A model that answers prompts. Use it in one thread; it may be created in another."""

    def identity(self, feedback: Optional[QgsFeedback] = None) -> ModelInfo:
        """Return the model's name, fingerprint and precision as the loaded model reports them.

        Loads a local model. Raises Cancelled on cancel, and RsgptError if the model cannot be loaded or reached.
        """
        ...

    def ask_many(
        self, prompts: Iterable[Prompt], feedback: Optional[QgsFeedback] = None
    ) -> Iterator[tuple[int, Outcome]]:
        """Yield the index of each prompt with its reply or its error, in the order in which they finish.

        Prompts are consumed only as fast as they can be sent. Raises Cancelled on cancel, and ServerError or
        ModelError if further prompts would fail as well.
        """
        ...

    def ask_one(self, prompt: Prompt, on_text: Callable[[str], None], feedback: Optional[QgsFeedback] = None) -> Reply:
        """Pass each new piece of the answer to `on_text`, then return the whole reply.

        Raises Cancelled on cancel, and RsgptError if there is no answer.
        """
        ...

    def embed_texts(self, texts: Sequence[str], feedback: Optional[QgsFeedback] = None, model: str = "") -> Vectors:
        """Return the vector of each text, of unit length, as those in the search index.

        model: SENTENCE_MODEL for vectors of sentences, "" for those of this model. Raises Cancelled on cancel, and
        RsgptError if the model has no vectors, is not installed, or fails.
        """
        ...


def read_outcome(body: bytes) -> Outcome:
    """Return the reply in `body`, or the error of this prompt."""
    try:
        return parse_reply(body)
    except RsgptError as error:
        return error
    except Exception as error:  # fail only this prompt
        return ServerError(log_unexpected(error))
