"""Leases of the model inside QGIS: no prompt is lost, and at most one model is in memory."""

from __future__ import annotations

import gc
import importlib
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from qgis.core import QgsFeedback

from rsgpt_plugin.client import in_process
from rsgpt_plugin.client.in_process import InProcessModel
from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.client.model_slot import slot
from rsgpt_plugin.client.server.protocol import Prompt, Reply
from rsgpt_plugin.client.server.vision_check import shape_picture
from rsgpt_plugin.errors import Cancelled, RsgptError, ServerError
from rsgpt_plugin.shared.search.sentence_model import SENTENCE_MODEL
from tests.plugin.waiting import wait_until

if sys.version_info < (3, 11):
    pytest.skip("the model's backend needs Python 3.11", allow_module_level=True)

PICTURE = shape_picture("red")


class Engines:
    """Creates scripted engines per model, and counts how many were in memory at once."""

    def __init__(self) -> None:
        self.delays: dict[str, float] = {}
        self.load_delays: dict[str, float] = {}
        self.created: list[tuple[str, weakref.ref[Any]]] = []
        self.asks: list[Any] = []
        self.maximum = 0

    def alive(self) -> list[str]:
        gc.collect()
        return [name for name, engine in self.created if engine() is not None]

    def load(self, model: str, device: str) -> Any:
        fakes = importlib.import_module("tests.fakes.fake_engine")

        class SlowEngine(fakes.FakeEngine):  # type: ignore[name-defined]  # imported at run time
            def cache_features(self, size: int) -> None:
                """Do nothing."""

            def stream(self, asks: Sequence[Any]) -> Any:
                engines.asks.extend(asks)
                return super().stream(asks)

        engines = self
        self.maximum = max(self.maximum, 1 + len(self.alive()))
        script = fakes.Script(delay=self.delays.get(model, 0.0), reply=f"{model} {{number}}")
        engine = SlowEngine(script, model)
        self.created.append((model, weakref.ref(engine)))
        time.sleep(self.load_delays.get(model, 0.0))
        return engine


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch, qgis_app: Any) -> Iterator[Engines]:
    engines = Engines()
    loading = SimpleNamespace(load_engine=engines.load)
    monkeypatch.setitem(sys.modules, "rsgpt_backend.engine.loading", loading)  # the real module imports torch
    yield engines
    slot.end()


class Asking(threading.Thread):
    """A run in its own thread."""

    def __init__(self, model: str, prompts: int, feedback: QgsFeedback | None = None) -> None:
        super().__init__(daemon=True)
        self.outcomes: list[Any] = []
        self.error: BaseException | None = None
        client = InProcessModel(ModelInfo(model, "f" * 64))
        self._ask = partial(client.ask_many, [Prompt(PICTURE, "What?")] * prompts, feedback)
        self.start()

    def run(self) -> None:
        try:
            for _, outcome in self._ask():
                self.outcomes.append(outcome)
        except BaseException as error:
            self.error = error

    def texts(self) -> set[str]:
        """Wait for the end and return the first words of the answers."""
        self.join(30)
        assert not self.is_alive()
        assert self.error is None
        assert all(isinstance(outcome, Reply) for outcome in self.outcomes), self.outcomes
        return {outcome.text.split()[0] for outcome in self.outcomes}


def ask(model: str) -> str:
    """Ask one question in the calling thread."""
    return InProcessModel(ModelInfo(model, "f" * 64)).ask_one(Prompt(PICTURE, "What?"), lambda text: None).text


def test_the_engine_is_told_the_ground_resolution(engines: Engines) -> None:
    prompts = [Prompt(PICTURE, "What?", gsd_m=gsd_m) for gsd_m in (0.3, 10.0, None)]
    list(InProcessModel(ModelInfo("a")).ask_many(prompts))
    assert {ask.gsd_m for ask in engines.asks} == {0.3, 10.0, None}


def test_texts_get_vectors_and_tasks_are_performed(engines: Engines) -> None:
    model = InProcessModel(ModelInfo("a"))
    assert model.embed_texts(["many boats", "a road"]) == [[0.0, 1.0]] * 2
    assert model.embed_texts(["many boats"], model=SENTENCE_MODEL) == [pytest.approx([0.985, 0.174], abs=1e-3)]
    ((_, outcome),) = model.ask_many([Prompt(PICTURE, "", task="find")])
    assert isinstance(outcome, Reply)
    assert outcome.text.startswith("a ")
    assert engines.asks == []  # a task is not a question


def test_answers_arrive_before_slow_captures_end(engines: Engines) -> None:
    captured: list[Prompt] = []

    def slow() -> Iterator[Prompt]:
        for _ in range(12):
            time.sleep(0.15)
            captured.append(Prompt(PICTURE, "What is this?"))
            yield captured[-1]

    outcomes = InProcessModel(ModelInfo("a")).ask_many(slow())
    next(outcomes)
    assert len(captured) < 12
    assert len(list(outcomes)) == 11


def test_another_model_is_refused_during_a_run_and_the_run_loses_no_answer(engines: Engines) -> None:
    engines.delays["a"] = 0.5
    run = Asking("a", 480)
    wait_until(lambda: run.outcomes)
    with pytest.raises(ServerError, match="“a”.*(Wait|pause)"):
        ask("b")
    assert run.texts() == {"a"}
    assert len(run.outcomes) == 480
    assert ask("b").startswith("b ")
    assert engines.alive() == ["b"]
    assert engines.maximum == 1


def test_a_switch_waits_for_a_short_question(engines: Engines) -> None:
    engines.delays["a"] = 1.0
    question = Asking("a", 1)
    wait_until(engines.alive)
    assert ask("b").startswith("b ")
    assert question.texts() == {"a"}
    assert engines.maximum == 1


def test_two_runs_share_a_model(engines: Engines) -> None:
    engines.delays["a"] = 0.1
    first, second = Asking("a", 100), Asking("a", 100)
    assert first.texts() == second.texts() == {"a"}
    assert len(first.outcomes) == len(second.outcomes) == 100
    assert [name for name, _ in engines.created] == ["a"]


def test_cancelling_one_run_does_not_affect_the_other(engines: Engines) -> None:
    engines.delays["a"] = 0.1
    feedback = QgsFeedback()
    stopped, other = Asking("a", 300, feedback), Asking("a", 100)
    wait_until(lambda: stopped.outcomes)
    feedback.cancel()
    assert other.texts() == {"a"}
    stopped.join(30)
    assert isinstance(stopped.error, Cancelled)
    assert len(other.outcomes) == 100


def test_a_cancelled_load_leaves_memory_before_the_next_model_loads(engines: Engines) -> None:
    engines.load_delays["a"] = 7.0  # longer than a request waits for the slot
    feedback = QgsFeedback()
    run = Asking("a", 1, feedback)
    wait_until(lambda: engines.created)
    feedback.cancel()
    run.join(5)
    assert isinstance(run.error, Cancelled)
    assert ask("b").startswith("b ")
    assert engines.alive() == ["b"]
    assert engines.maximum == 1


def test_a_model_released_during_its_load_leaves_memory(engines: Engines) -> None:
    engines.load_delays["a"] = 7.0
    feedback = QgsFeedback()
    run = Asking("a", 1, feedback)
    wait_until(lambda: engines.created)
    feedback.cancel()
    run.join(5)
    slot.end()
    wait_until(lambda: not engines.alive())


def test_a_forced_release_ends_a_run_with_rsgpt_errors(engines: Engines) -> None:
    engines.delays["a"] = 0.2
    run = Asking("a", 200)
    wait_until(lambda: run.outcomes)
    slot.end()
    run.join(30)
    assert not run.is_alive()
    assert run.error is None or isinstance(run.error, RsgptError)
    assert all(isinstance(outcome, (Reply, RsgptError)) for outcome in run.outcomes)


def test_a_model_that_failed_to_load_is_loaded_again(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    load: Callable[..., Any] = engines.load
    problems = [RuntimeError("no memory")]

    def once(self: Engines, model: str, device: str) -> Any:
        if problems:
            raise problems.pop()
        return load(model, device)

    backend = in_process._import_backend()
    monkeypatch.setattr(in_process, "_import_backend", lambda: replace(backend, load=partial(once, engines)))
    with pytest.raises(RsgptError, match="could not be loaded"):
        ask("a")
    assert ask("a").startswith("a ")
