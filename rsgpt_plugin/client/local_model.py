"""A local model behind the server process that this QGIS starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Optional

from qgis.core import QgsFeedback

from .installed_models import ModelInfo
from .model_client import Outcome, Vectors, cancel_check
from .server.gateway import Gateway
from .server.local_server import LocalServer, ServerSpec, leased_server
from .server.protocol import Prompt, Reply
from .server.transport import Limits

# A large model on a slow machine may load or compute for a long time. The local server ends itself if its model stalls.
_TIMEOUT_S = 6 * 3600.0
_LIMITS = Limits(first_byte_s=_TIMEOUT_S, silence_s=_TIMEOUT_S)


class LocalModel:
    """A ModelClient whose server starts with the first prompt or the first call of `identity`."""

    def __init__(self, spec: ServerSpec, name: str) -> None:
        """Raise the errors of `leased_server` now, before a run opens its output."""
        self._spec = spec
        self._name = name
        with self._leased(None):
            pass

    def identity(self, feedback: Optional[QgsFeedback] = None) -> ModelInfo:
        with self._leased(feedback) as server:
            return self._gateway(server).identity(feedback)

    def ask_many(
        self, prompts: Iterable[Prompt], feedback: Optional[QgsFeedback] = None
    ) -> Iterator[tuple[int, Outcome]]:
        with self._leased(feedback) as server:
            yield from self._gateway(server).ask_many(prompts, feedback)

    def ask_one(self, prompt: Prompt, on_text: Callable[[str], None], feedback: Optional[QgsFeedback] = None) -> Reply:
        with self._leased(feedback) as server:
            return self._gateway(server).ask_one(prompt, on_text, feedback)

    def embed_texts(self, texts: Sequence[str], feedback: Optional[QgsFeedback] = None, model: str = "") -> Vectors:
        with self._leased(feedback) as server:
            return self._gateway(server).embed_texts(texts, feedback, model)

    def _leased(self, feedback: Optional[QgsFeedback]) -> AbstractContextManager[LocalServer]:
        return leased_server(self._spec, cancel_check(feedback))

    def _gateway(self, server: LocalServer) -> Gateway:
        return Gateway(server, self._name, _LIMITS)
