"""When a client that is turned away is told to come back."""

from __future__ import annotations

from rsgpt_backend.server.retry_after import AnswerRate


def test_before_the_first_answer_it_is_five_seconds() -> None:
    assert AnswerRate().retry_after_s(128) == 5


def test_it_is_the_time_in_which_half_of_the_queue_is_answered() -> None:
    pace = AnswerRate()
    pace.add(6.4, 32)
    assert pace.retry_after_s(128) == 13
    assert pace.retry_after_s(10) == 1


def test_it_stays_within_bounds() -> None:
    pace = AnswerRate()
    pace.add(0.001, 32)
    assert pace.retry_after_s(128) == 1
    pace.add(10_000.0, 1)
    assert pace.retry_after_s(128) == 60


def test_newer_batches_count_more() -> None:
    pace = AnswerRate()
    pace.add(1.0, 1)
    for _ in range(20):
        pace.add(0.1, 1)
    assert pace.retry_after_s(100) == 6
