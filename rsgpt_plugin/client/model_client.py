"""What every door to a model offers: many prompts for a run, one prompt for a conversation. Asks nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Optional, Protocol, Union

from qgis.core import QgsFeedback

from ..errors import RsgptError, ServerError
from ..unexpected import explained
from .installed_models import ModelInfo
from .server.protocol import Prompt, Reply, parse_reply

Outcome = Union[Reply, RsgptError]


def cancel_check(feedback: Optional[QgsFeedback]) -> Callable[[], bool]:
    """What tells whether the user has stopped it."""
    return feedback.isCanceled if feedback is not None else lambda: False


class ModelClient(Protocol):
    """A model that can be asked. Use it in one thread; it may be made in another."""

    def identity(self, feedback: Optional[QgsFeedback] = None) -> ModelInfo:
        """Return the model's name, fingerprint and precision, as reported once it is loaded.

        Starts it where that is ours to do. Cancelled on cancel; RsgptError where it cannot be loaded or reached.
        """
        ...

    def ask_many(
        self, prompts: Iterable[Prompt], feedback: Optional[QgsFeedback] = None
    ) -> Iterator[tuple[int, Outcome]]:
        """Yield the index of each prompt and its reply, or the error of that prompt, as they finish.

        Prompts are taken as they can be sent. Cancelled on cancel; ServerError or ModelError where going on is
        senseless.
        """
        ...

    def ask_one(self, prompt: Prompt, on_text: Callable[[str], None], feedback: Optional[QgsFeedback] = None) -> Reply:
        """Return the reply, having told each new piece of its text to `on_text` as it came.

        Cancelled on cancel; RsgptError where there is no answer.
        """
        ...


def read_outcome(body: bytes) -> Outcome:
    """Return the reply in `body`, or the error of that prompt."""
    try:
        return parse_reply(body)
    except RsgptError as error:
        return error
    except Exception as error:  # an odd reply fails its own prompt alone
        return ServerError(explained(error))
