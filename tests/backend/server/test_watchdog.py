"""The watchdog: a jump of the clock ends no healthy server, a stuck engine does."""

from __future__ import annotations

from rsgpt_backend.server.watchdog import ActiveTime, Watchdog

TICK_S = 0.1


class FakeClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def run(clock: FakeClock, active: ActiveTime, watchdog: Watchdog, seconds: float, beat: int) -> list[bool]:
    """What the watchdog says at each tick of so many seconds."""
    said = []
    for _ in range(round(seconds / TICK_S)):
        clock.now += TICK_S
        said.append(watchdog.is_stalled(active.tick(), beat))
    return said


def test_time_that_a_machine_sleeps_counts_as_one_second() -> None:
    clock = FakeClock()
    active = ActiveTime(clock)
    for jump, counted in ((TICK_S, TICK_S), (3600.0, 1.0), (-50.0, 0.0), (TICK_S, TICK_S)):
        before = active.seconds
        clock.now += jump
        assert abs(active.tick() - before - counted) < 1e-9


def test_a_jump_of_the_clock_stalls_nothing_and_silence_does() -> None:
    clock = FakeClock()
    active, watchdog = ActiveTime(clock), Watchdog(300.0)
    assert not any(run(clock, active, watchdog, 200, beat=7))
    clock.now += 10_000.0
    assert not watchdog.is_stalled(active.tick(), 7)
    said = run(clock, active, watchdog, 110, beat=7)
    assert not said[0]
    assert said[-1]
    assert not any(run(clock, active, watchdog, 200, beat=8))


def test_every_beat_begins_anew_and_an_idle_engine_is_never_stalled() -> None:
    watchdog = Watchdog(1.0)
    assert not watchdog.is_stalled(0.0, 1)
    assert not watchdog.is_stalled(0.9, 2)
    assert not watchdog.is_stalled(1.8, 2)
    assert watchdog.is_stalled(2.0, 2)
    assert not watchdog.is_stalled(2.1, None)
    assert not watchdog.is_stalled(500.0, None)
    assert not watchdog.is_stalled(500.1, 2)
