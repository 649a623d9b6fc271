"""Reading ahead: order, bounds, errors at their place, and an end when nobody takes any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator

import pytest

from rsgpt_backend.batch.read_ahead import ahead


def test_all_comes_in_order_from_another_thread() -> None:
    threads: set[int] = set()

    def numbers() -> Generator[int]:
        for number in range(100):
            threads.add(threading.get_ident())
            yield number

    with ahead(numbers, 3) as taken:
        assert list(taken) == list(range(100))
    assert threads == threads - {threading.get_ident()}


def test_no_more_than_so_many_wait() -> None:
    made: list[int] = []

    def numbers() -> Generator[int]:
        for number in range(100):
            made.append(number)
            yield number

    with ahead(numbers, 5) as taken:
        assert next(taken) == 0
        time.sleep(0.2)
        assert 5 <= len(made) <= 7


def test_an_error_comes_after_what_was_made_before_it() -> None:
    def numbers() -> Generator[int]:
        yield 1
        raise ValueError("two")

    with ahead(numbers, 5) as taken:
        assert next(taken) == 1
        with pytest.raises(ValueError, match="two"):
            next(taken)


def test_who_leaves_early_ends_it() -> None:
    closed: list[int] = []

    def numbers() -> Generator[int]:
        try:
            yield from range(1000)
        finally:
            closed.append(threading.get_ident())

    with ahead(numbers, 2) as taken:
        next(taken)
    assert len(closed) == 1
    assert closed[0] != threading.get_ident()
    assert not [thread for thread in threading.enumerate() if thread.name == "reading ahead"]
