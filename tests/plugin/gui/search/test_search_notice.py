"""What limits a search is shown, and the sentence model can be installed from there."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from rsgpt_plugin.gui.search import search_notice
from rsgpt_plugin.gui.search.search_notice import SearchNotice
from rsgpt_plugin.services.machine.environment_setup import SetupTask
from rsgpt_plugin.services.searching.sentence_setup import SentenceSetup

MISSING = "Captions need the sentence model."


def answer(is_sure: bool = True, captions_problem: str = "", failed: tuple[str, ...] = ()) -> Any:
    search = SimpleNamespace(captions_problem=captions_problem, failed=failed)
    return SimpleNamespace(is_sure=is_sure, loaded=SimpleNamespace(search=search))


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was started and stopped."""
    calls: list[str] = []

    def start(setup: SentenceSetup) -> None:
        setup._task = SetupTask(groups=["sentences"])
        calls.append("start")

    monkeypatch.setattr(SentenceSetup, "start", start)
    monkeypatch.setattr(SentenceSetup, "stop", lambda setup: calls.append("stop"))
    monkeypatch.setattr(SentenceSetup, "close", lambda setup: None)
    monkeypatch.setattr(search_notice, "lacks_sentence_model", lambda: True)
    return calls


@pytest.fixture
def notice(starts: list[str], qgis_app: object) -> Iterator[SearchNotice]:
    notice = SearchNotice()
    yield notice
    notice.close_down()


def test_a_search_without_limits_shows_nothing(notice: SearchNotice) -> None:
    notice.show_answer(answer())
    assert (notice.text(), notice.isHidden()) == ("", True)


def test_all_limits_are_shown(notice: SearchNotice) -> None:
    notice.show_answer(answer(False, MISSING, ("It cannot be read.",)))
    first, second, third = notice.text().splitlines()
    assert ("Nothing that sure" in first, "It cannot be read" in second, third) == (True, True, MISSING)
    assert not notice.install.isHidden()
    assert "84 MB" in notice.install.text()


def test_other_problems_offer_no_installation(notice: SearchNotice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_notice, "lacks_sentence_model", lambda: False)
    notice.show_answer(answer(captions_problem=MISSING))
    assert (notice.isHidden(), notice.install.isHidden()) == (False, True)


def test_the_installation_shows_its_progress_and_can_be_stopped(notice: SearchNotice, starts: list[str]) -> None:
    notice.show_answer(answer(captions_problem=MISSING))
    notice.install.click()
    notice.setup.progressed.emit(0.25)
    assert "25" in notice.text()
    assert notice.install.text() == "Stop"
    notice.show_text("")  # another search
    assert not notice.install.isHidden()
    notice.install.click()
    assert starts == ["start", "stop"]
    notice.setup._on_ended(False, "The setup was stopped.")
    assert (notice.text(), "84 MB" in notice.install.text()) == ("The setup was stopped.", True)


def test_the_end_of_the_installation_is_reported(notice: SearchNotice) -> None:
    installed: list[bool] = []
    notice.installed.connect(lambda: installed.append(True))
    notice.show_answer(answer(captions_problem=MISSING))
    notice.install.click()
    notice.setup._on_ended(True, "The model is ready.")
    assert (installed, notice.isHidden()) == ([True], True)
