"""The menu offers an empty question, templates, saved questions and questions of recent runs."""

from __future__ import annotations

from typing import Optional

import pytest

from rsgpt_plugin.core.paths import runs_file
from rsgpt_plugin.core.run_store import RunRequest, RunStore
from rsgpt_plugin.gui.questions.question_menu import QuestionMenu
from rsgpt_plugin.services.asking.known_questions import save_questions
from rsgpt_plugin.shared.answers.questions import Question

SAVED, OLD = Question("answer", "Is it a car & a boat?"), Question("old", "What was it?")


@pytest.fixture
def menu(qgis_app: object) -> QuestionMenu:
    return QuestionMenu()


def sections(menu: QuestionMenu) -> list[str]:
    return [entry.text() for entry in menu.actions() if entry.isSeparator()]


def test_empty_groups_are_left_out(menu: QuestionMenu) -> None:
    menu.aboutToShow.emit()
    assert sections(menu) == ["Templates"]


def test_a_long_question_does_not_make_the_menu_wide(menu: QuestionMenu) -> None:
    question = Question("long", "Is there a house & " + 100 * "a very long road " + "?")
    save_questions([question])
    menu.aboutToShow.emit()
    entry = menu.actions()[-1]
    assert menu.sizeHint().width() < 1000
    assert entry.text().startswith("Is there a house && a very")
    assert entry.toolTip() == question.line


def test_all_groups_are_offered_each_time_the_menu_opens(menu: QuestionMenu) -> None:
    menu.aboutToShow.emit()
    save_questions([SAVED])
    runs_file().parent.mkdir(parents=True, exist_ok=True)
    with RunStore(runs_file()) as store:
        store.begin("run", RunRequest("rsgpt:describeraster", "x", {"QUESTIONS": OLD.line}), {})
    menu.aboutToShow.emit()
    assert sections(menu) == ["Templates", "Saved", "Recent"]
    chosen: list[Optional[Question]] = []
    menu.chosen.connect(chosen.append)
    for entry in menu.actions():
        entry.trigger()
    assert (chosen[0], chosen[-2:]) == (None, [SAVED, OLD])
    assert {question.type.name for question in chosen if question} == {"text", "yesno", "integer", "choice"}
