"""A model that a server of this QGIS answers for, one server at a time. Knows no process and no protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Optional

from qgis.core import QgsFeedback

from .installed_models import ModelInfo
from .model_client import Outcome, cancel_check
from .server.gateway import Gateway
from .server.local_server import LocalServer, ServerSpec, leased_server
from .server.protocol import Prompt, Reply
from .server.transport import Limits

# Our own server ends itself when its model stands still. A large model on a slow machine may load or think for longer
# than any other server is waited for, before the first byte and between two.
_PATIENCE_S = 6 * 3600.0
_LIMITS = Limits(first_byte_s=_PATIENCE_S, silence_s=_PATIENCE_S)


class LocalModel:
    """See Asker. The server starts when it is first asked: for a prompt, or before that for its identity."""

    def __init__(self, launch: ServerSpec, name: str) -> None:
        """Raises what would prevent a run, see `leased_server`, before the run has opened its output."""
        self._launch = launch
        self._name = name
        with self._leased(None):
            pass

    def identity(self, feedback: Optional[QgsFeedback] = None) -> ModelInfo:
        """See Asker."""
        with self._leased(feedback) as server:
            return self._gateway(server).identity(feedback)

    def ask_many(
        self, prompts: Iterable[Prompt], feedback: Optional[QgsFeedback] = None
    ) -> Iterator[tuple[int, Outcome]]:
        """See Asker."""
        with self._leased(feedback) as server:
            yield from self._gateway(server).ask_many(prompts, feedback)

    def ask_one(self, prompt: Prompt, on_text: Callable[[str], None], feedback: Optional[QgsFeedback] = None) -> Reply:
        """See Asker."""
        with self._leased(feedback) as server:
            return self._gateway(server).ask_one(prompt, on_text, feedback)

    def _leased(self, feedback: Optional[QgsFeedback]) -> AbstractContextManager[LocalServer]:
        return leased_server(self._launch, cancel_check(feedback))

    def _gateway(self, server: LocalServer) -> Gateway:
        return Gateway(server, self._name, _LIMITS)
