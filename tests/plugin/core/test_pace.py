"""Progress rates and time left."""

from __future__ import annotations

import pytest

from rsgpt_plugin.core.pace import ProgressRate


def test_a_steady_rate_gives_the_time_left() -> None:
    pace = ProgressRate()
    for second in range(11):
        pace.mark(100.0 + second, 4 * second)
    assert pace.rate() == pytest.approx(4)
    assert pace.seconds_left(440) == pytest.approx(100)


def test_the_rate_is_unknown_at_first() -> None:
    pace = ProgressRate()
    assert (pace.rate(), pace.seconds_left(5)) == (0.0, float("inf"))
    pace.mark(0.0, 1)
    pace.mark(0.5, 300)
    assert pace.rate() == 0.0


def test_a_burst_is_forgotten_after_a_minute() -> None:
    pace = ProgressRate()
    pace.mark(0.0, 0)
    pace.mark(1.0, 3000)
    for second in range(10, 200, 10):
        pace.mark(float(second), 3000 + second // 10)
    assert pace.rate() == pytest.approx(0.1)


def test_finished_items_leave_no_time() -> None:
    pace = ProgressRate()
    for second in range(5):
        pace.mark(float(second), second)
    assert pace.seconds_left(4) == 0
    assert pace.seconds_left(2) == 0  # fewer than are complete


def test_without_progress_there_is_no_end() -> None:
    pace = ProgressRate()
    for second in range(5):
        pace.mark(float(second), 7)
    assert pace.rate() == 0.0
    assert pace.seconds_left(8) == float("inf")


def test_after_a_pause_the_rate_is_that_since_the_last_mark() -> None:
    pace = ProgressRate()
    pace.mark(0.0, 0)
    pace.mark(10.0, 100)
    pace.mark(1010.0, 200)
    assert pace.rate() == pytest.approx(0.1)
