"""A long iteration is taken in slices in order, with other events between them, and ends once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from qgis.PyQt.QtCore import QCoreApplication

from rsgpt_plugin.services.time_slices import TimeSlicer
from tests.plugin.waiting import wait_until

pytestmark = pytest.mark.usefixtures("qgis_app")


class TakenSlices:
    """Records what a slicer passes on. `ends` counts calls of `done`."""

    def __init__(self) -> None:
        self.slicer = TimeSlicer()
        self.slices: list[list[Any]] = []
        self.ends = 0
        self.failures: list[str] = []

    def start(self, items: Iterator[Any], failed: Callable[[str], None] | None = None) -> None:
        self.slicer.start(items, self.slices.append, self._end, failed)

    def _end(self) -> None:
        self.ends += 1

    def items(self) -> list[Any]:
        return [item for part in self.slices for item in part]


@pytest.fixture
def taken() -> Iterator[TakenSlices]:
    taken = TakenSlices()
    yield taken
    taken.slicer.stop()


def slow(count: int, seconds: float = 0.002) -> Iterator[int]:
    for number in range(count):
        time.sleep(seconds)
        yield number


def test_nothing_is_taken_before_control_returns_to_the_event_loop(taken: TakenSlices) -> None:
    taken.start(iter(range(3)))
    assert (taken.slices, taken.slicer.busy) == ([], True)
    wait_until(lambda: taken.ends)
    assert (taken.slices, taken.slicer.busy) == ([[0, 1, 2]], False)


@pytest.mark.parametrize("count", [0, 1, 19, 20, 21, 1000])
def test_every_item_is_taken_once_in_order(taken: TakenSlices, count: int) -> None:
    taken.start(iter(range(count)))
    wait_until(lambda: taken.ends)
    assert taken.items() == list(range(count))
    assert all(taken.slices)  # `take` gets no empty slice
    QCoreApplication.processEvents()
    assert taken.ends == 1


def test_slow_items_come_in_several_slices_with_events_between_them(taken: TakenSlices) -> None:
    taken.start(slow(100))
    rounds = 0
    while not taken.ends:
        QCoreApplication.processEvents()
        rounds += 1
    assert rounds >= len(taken.slices) >= 3
    assert taken.items() == list(range(100))


def test_an_item_that_takes_as_long_as_a_slice_comes_alone(taken: TakenSlices) -> None:
    taken.start(slow(4, 0.02))
    wait_until(lambda: taken.ends)
    assert taken.slices == [[0], [1], [2], [3]]


def test_stop_drops_the_rest(taken: TakenSlices) -> None:
    taken.start(slow(1000))
    wait_until(lambda: taken.slices)
    before = len(taken.slices)
    taken.slicer.stop()
    assert not taken.slicer.busy
    for _ in range(5):
        QCoreApplication.processEvents()
    assert (len(taken.slices), taken.ends) == (before, 0)


def test_another_start_replaces_the_iteration(taken: TakenSlices) -> None:
    taken.start(iter(range(1000)))
    taken.start(iter("ab"))
    wait_until(lambda: taken.ends)
    assert (taken.items(), taken.ends) == (["a", "b"], 1)


def test_done_can_start_the_next_iteration(taken: TakenSlices) -> None:
    taken.slicer.start(iter("a"), taken.slices.append, lambda: taken.start(iter("b")))
    wait_until(lambda: taken.ends)
    assert taken.items() == ["a", "b"]


def test_take_can_stop_the_iteration(taken: TakenSlices) -> None:
    taken.slicer.start(slow(1000), lambda items: taken.slicer.stop(), taken._end)
    wait_until(lambda: not taken.slicer.busy)
    QCoreApplication.processEvents()
    assert taken.ends == 0


@pytest.mark.parametrize("where", ["items", "take", "done"])
def test_an_exception_ends_the_iteration_with_one_message(taken: TakenSlices, where: str) -> None:
    def fail(*arguments: object) -> None:
        raise ValueError("odd geometry")

    def items() -> Iterator[int]:
        yield 1
        if where == "items":
            fail()

    take = fail if where == "take" else taken.slices.append
    taken.slicer.start(items(), take, fail if where == "done" else taken._end, taken.failures.append)
    wait_until(lambda: taken.failures)
    QCoreApplication.processEvents()
    (message,) = taken.failures
    assert message.startswith("Unexpected error ValueError: odd geometry.")
    assert (taken.ends, taken.slicer.busy) == (0, False)


def test_failed_is_not_kept_for_the_next_iteration(taken: TakenSlices) -> None:
    taken.start(iter("a"), taken.failures.append)
    taken.start(iter("b"))
    wait_until(lambda: taken.ends)
    assert taken.failures == []
