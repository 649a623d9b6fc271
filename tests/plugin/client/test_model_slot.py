"""The slot holds at most one model, shares it between equal requests, and never replaces a model in use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field

import pytest

from rsgpt_plugin.client import model_slot
from rsgpt_plugin.client.model_slot import ModelSlot
from rsgpt_plugin.errors import Cancelled, ServerError


@dataclass(frozen=True)
class WantedModel:
    """A request. threads: a setting with which the model starts."""

    model: str
    revision: str = "r1"
    threads: int = 0


@dataclass(frozen=True)
class OtherWantedModel(WantedModel):
    """A request of another backend."""


@dataclass(eq=False)
class CountedModel:
    name: str
    is_usable: bool = True
    stops: int = 0

    def stop(self) -> None:
        self.stops += 1


@dataclass
class StartedModels:
    """Leases models of one slot, and records each start."""

    slot: ModelSlot = field(default_factory=ModelSlot)
    models: list[CountedModel] = field(default_factory=list)

    def lease(
        self, request: WantedModel, is_cancelled: Callable[[], bool] = lambda: False
    ) -> AbstractContextManager[CountedModel]:
        return self.slot.lease(request, lambda: self.start(request.model), is_cancelled)

    def start(self, name: str) -> CountedModel:
        self.models.append(CountedModel(name))
        return self.models[-1]

    def use(self, request: WantedModel) -> CountedModel:
        with self.lease(request) as model:
            return model


@pytest.fixture
def started() -> StartedModels:
    return StartedModels()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_slot, "PATIENCE_S", 0.05)


def test_equal_requests_share_a_model_that_stays_loaded(started: StartedModels) -> None:
    with started.lease(WantedModel("a")) as first, started.lease(WantedModel("a")) as second:
        assert first is second
    assert started.use(WantedModel("a")) is first
    assert (len(started.models), first.stops) == (1, 0)


def test_whether_a_model_is_loaded_is_known(started: StartedModels) -> None:
    assert not started.slot.is_filled
    started.use(WantedModel("a"))
    assert started.slot.is_filled
    started.slot.end()
    assert not started.slot.is_filled


@pytest.mark.parametrize(
    "other", [WantedModel("b"), WantedModel("a", revision="r2"), WantedModel("a", threads=2), OtherWantedModel("a")]
)
def test_an_idle_model_is_stopped_before_another_one_starts(started: StartedModels, other: WantedModel) -> None:
    first = started.use(WantedModel("a"))
    stops_at_start: list[int] = []

    def start() -> CountedModel:
        stops_at_start.append(first.stops)
        return CountedModel("other")

    with started.slot.lease(other, start, lambda: False) as model:
        assert (stops_at_start, model.name) == ([1], "other")


def test_settings_of_a_model_in_use_change_when_it_is_idle(started: StartedModels) -> None:
    with started.lease(WantedModel("a")) as first, started.lease(WantedModel("a", threads=2)) as shared:
        assert shared is first
    assert started.use(WantedModel("a", threads=2)) is not first
    assert first.stops == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("other", [WantedModel("b"), WantedModel("a", revision="r2"), OtherWantedModel("a")])
def test_a_model_in_use_is_kept_and_the_request_for_another_one_fails(
    started: StartedModels, other: WantedModel
) -> None:
    with started.lease(WantedModel("/models/a")) as first:
        with pytest.raises(ServerError, match="The model “a” is busy with another run or question"):
            started.use(other)
        assert first.stops == 0
    assert [model.name for model in started.models] == ["/models/a"]
    assert started.use(other).name == other.model


def test_a_request_waits_until_the_model_in_use_is_idle(started: StartedModels) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(started.lease(WantedModel("a")))
        timer = threading.Timer(0.2, stack.pop_all().close)
        timer.start()
        begin = time.monotonic()
        second = started.use(WantedModel("b"))
    timer.join()
    assert 0.1 < time.monotonic() - begin < model_slot.PATIENCE_S
    assert (first.stops, second.name) == (1, "b")


def test_a_waiting_request_can_be_cancelled(started: StartedModels) -> None:
    with started.lease(WantedModel("a")) as first:
        begin = time.monotonic()
        with pytest.raises(Cancelled), started.lease(WantedModel("b"), lambda: True):
            pytest.fail("two models are leased")
        assert time.monotonic() - begin < 1
        assert first.stops == 0


def test_a_model_that_is_in_use_but_unusable_is_replaced_at_once(started: StartedModels) -> None:
    with started.lease(WantedModel("a")) as first:
        first.is_usable = False
        with started.lease(WantedModel("a")) as second:
            assert second is not first
            assert first.stops == 1


def test_a_failed_start_leaves_the_slot_empty(started: StartedModels) -> None:
    def fail() -> CountedModel:
        raise ServerError("no memory")

    with pytest.raises(ServerError, match="no memory"), started.slot.lease(WantedModel("a"), fail, lambda: False):
        pytest.fail("a model is leased that did not start")
    assert started.use(WantedModel("b")).name == "b"


def test_an_error_during_a_lease_ends_the_lease(started: StartedModels) -> None:
    with pytest.raises(ZeroDivisionError), started.lease(WantedModel("a")):
        raise ZeroDivisionError
    started.slot.end_idle()
    assert started.models[0].stops == 1


def test_admit_unloads_an_idle_model_and_starts_none(started: StartedModels) -> None:
    first = started.use(WantedModel("a"))
    started.slot.admit(WantedModel("a"))
    assert first.stops == 0
    started.slot.admit(WantedModel("b"))
    assert (first.stops, len(started.models)) == (1, 1)


def test_end_idle_keeps_a_model_in_use(started: StartedModels) -> None:
    started.slot.end_idle()  # an empty slot
    with started.lease(WantedModel("a")) as first:
        started.slot.end_idle()
        assert first.stops == 0
    started.slot.end_idle()
    assert first.stops == 1


def test_end_stops_a_model_in_use_and_again_at_the_end_of_its_lease(started: StartedModels) -> None:
    with started.lease(WantedModel("a")) as first:
        started.slot.end()
        assert first.stops == 1
    assert first.stops == 2  # its user may have restarted it
    started.slot.end()
    assert first.stops == 2


def test_the_end_of_a_lease_does_not_stop_a_later_model(started: StartedModels) -> None:
    with started.lease(WantedModel("a")):
        started.slot.end()
        second = started.use(WantedModel("a"))
    assert second.stops == 0


def test_many_threads_never_hold_two_models(started: StartedModels) -> None:
    alive_at_once: list[int] = []

    def work(number: int) -> Iterator[None]:
        for turn in range(10):
            with started.lease(WantedModel("ab"[(number + turn) % 2])):
                alive_at_once.append(sum(not model.stops for model in started.models))
                yield

    threads = [threading.Thread(target=lambda number=number: list(work(number))) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(alive_at_once) == 60
    assert set(alive_at_once) == {1}
