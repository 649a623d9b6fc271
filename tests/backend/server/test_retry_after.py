"""The estimate of when a rejected client should try again."""

from __future__ import annotations

from rsgpt_backend.server.retry_after import AnswerRate


def test_retry_after_is_five_seconds_before_the_first_answer() -> None:
    assert AnswerRate().retry_after_s(128) == 5


def test_retry_after_is_the_time_to_answer_half_of_the_queue() -> None:
    rate = AnswerRate()
    rate.add(6.4, 32)
    assert rate.retry_after_s(128) == 13
    assert rate.retry_after_s(10) == 1


def test_retry_after_stays_within_bounds() -> None:
    rate = AnswerRate()
    rate.add(0.001, 32)
    assert rate.retry_after_s(128) == 1
    rate.add(10_000.0, 1)
    assert rate.retry_after_s(128) == 60


def test_newer_batches_count_more() -> None:
    rate = AnswerRate()
    rate.add(1.0, 1)
    for _ in range(20):
        rate.add(0.1, 1)
    assert rate.retry_after_s(100) == 6
