"""The watchdog: a jump of the clock does not end a healthy server, a stalled engine does."""

from __future__ import annotations

from rsgpt_backend.server.watchdog import ActiveTime, Watchdog

TICK_S = 0.1


class FakeClock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def run(clock: FakeClock, active: ActiveTime, watchdog: Watchdog, seconds: float, heartbeat: int) -> list[bool]:
    """Return whether the engine is stalled at each tick of a period."""
    stalled = []
    for _ in range(round(seconds / TICK_S)):
        clock.now += TICK_S
        stalled.append(watchdog.is_stalled(active.tick(), heartbeat))
    return stalled


def test_a_suspended_machine_counts_as_one_active_second() -> None:
    clock = FakeClock()
    active = ActiveTime(clock)
    for jump, counted in ((TICK_S, TICK_S), (3600.0, 1.0), (-50.0, 0.0), (TICK_S, TICK_S)):
        before = active.seconds
        clock.now += jump
        assert abs(active.tick() - before - counted) < 1e-9


def test_a_silent_engine_is_stalled_but_not_after_a_jump_of_the_clock() -> None:
    clock = FakeClock()
    active, watchdog = ActiveTime(clock), Watchdog(300.0)
    assert not any(run(clock, active, watchdog, 200, heartbeat=7))
    clock.now += 10_000.0
    assert not watchdog.is_stalled(active.tick(), 7)
    stalled = run(clock, active, watchdog, 110, heartbeat=7)
    assert not stalled[0]
    assert stalled[-1]
    assert not any(run(clock, active, watchdog, 200, heartbeat=8))


def test_a_heartbeat_restarts_the_period_and_an_idle_engine_is_never_stalled() -> None:
    watchdog = Watchdog(1.0)
    assert not watchdog.is_stalled(0.0, 1)
    assert not watchdog.is_stalled(0.9, 2)
    assert not watchdog.is_stalled(1.8, 2)
    assert watchdog.is_stalled(2.0, 2)
    assert not watchdog.is_stalled(2.1, None)
    assert not watchdog.is_stalled(500.0, None)
    assert not watchdog.is_stalled(500.1, 2)
