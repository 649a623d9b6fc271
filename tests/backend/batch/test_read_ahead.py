"""Reading read_ahead: order, number of waiting items, errors, and the end of the thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator

import pytest

from rsgpt_backend.batch.read_ahead import read_ahead


def test_items_come_in_order_from_another_thread() -> None:
    threads: set[int] = set()

    def numbers() -> Generator[int]:
        for number in range(100):
            threads.add(threading.get_ident())
            yield number

    with read_ahead(numbers, 3) as items:
        assert list(items) == list(range(100))
    assert threads == threads - {threading.get_ident()}


def test_the_number_of_waiting_items_is_limited() -> None:
    generated: list[int] = []

    def numbers() -> Generator[int]:
        for number in range(100):
            generated.append(number)
            yield number

    with read_ahead(numbers, 5) as items:
        assert next(items) == 0
        time.sleep(0.2)
        assert 5 <= len(generated) <= 7


def test_an_error_comes_after_the_items_before_it() -> None:
    def numbers() -> Generator[int]:
        yield 1
        raise ValueError("two")

    with read_ahead(numbers, 5) as items:
        assert next(items) == 1
        with pytest.raises(ValueError, match="two"):
            next(items)


def test_leaving_the_context_early_closes_the_generator() -> None:
    closed: list[int] = []

    def numbers() -> Generator[int]:
        try:
            yield from range(1000)
        finally:
            closed.append(threading.get_ident())

    with read_ahead(numbers, 2) as items:
        next(items)
    assert len(closed) == 1
    assert closed[0] != threading.get_ident()
    assert not [thread for thread in threading.enumerate() if thread.name == "reading ahead"]
