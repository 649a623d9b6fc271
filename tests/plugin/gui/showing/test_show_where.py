"""Only the latest subject is shown. The task is replaced by one without a model."""

from __future__ import annotations

from typing import Any

import pytest

from rsgpt_plugin.errors import ModelError
from rsgpt_plugin.gui.showing import show_where
from rsgpt_plugin.gui.showing.show_where import ShowWhere
from rsgpt_plugin.services.background_task import BackgroundTask
from rsgpt_plugin.services.showing.where import Located
from tests.plugin.waiting import wait_until


@pytest.fixture
def where(qgis_app: object) -> tuple[ShowWhere, list[Any], list[str]]:
    shows = ShowWhere()
    changes: list[Any] = []
    sentences: list[str] = []
    shows.changed.connect(changes.append)
    shows.said.connect(sentences.append)
    return shows, changes, sentences


def test_the_latest_subject_is_shown_until_it_is_removed(
    where: tuple[ShowWhere, list[Any], list[str]], planes: Located, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows, changes, sentences = where
    monkeypatch.setattr(show_where, "locating", lambda subject: BackgroundTask("", lambda task: planes))
    shows.show(planes.subject)
    shows.show(planes.subject)
    wait_until(lambda: shows.located is planes)
    assert changes == [None, planes]
    assert sentences[-1] == "2 × airplane"
    shows.clear()
    shows.clear()
    assert (changes[2:], sentences[-1], shows.located) == ([None], "", None)


def test_a_failure_is_said(
    where: tuple[ShowWhere, list[Any], list[str]], planes: Located, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(task: BackgroundTask) -> None:
        raise ModelError("No finder.")

    shows, changes, sentences = where
    monkeypatch.setattr(show_where, "locating", lambda subject: BackgroundTask("", fail))
    shows.show(planes.subject)
    wait_until(lambda: sentences[-1] == "No finder.")
    assert changes == []
