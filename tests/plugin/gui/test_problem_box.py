"""A problem is shown as plain text with collapsed details, and the button hides it and asks to try again."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.gui.problem_box import ProblemBox


@pytest.fixture
def box(qgis_app: object) -> ProblemBox:
    return ProblemBox()


def test_without_a_problem_the_box_is_hidden(box: ProblemBox) -> None:
    assert box.isHidden()


def test_a_problem_is_shown_as_plain_text_that_can_be_copied(box: ProblemBox) -> None:
    box.show_problem("The disk <b>is</b> full.")
    assert not box.isHidden()
    assert (box.sentence.text(), box.sentence.textFormat()) == ("The disk <b>is</b> full.", Qt.TextFormat.PlainText)
    assert box.sentence.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse


@pytest.mark.parametrize("details", ["", "Collecting torch\nErrno 28"])
def test_details_are_shown_only_if_there_are_any(box: ProblemBox, details: str) -> None:
    box.show_problem("The disk is full.", details)
    assert box.box.isHidden() is not bool(details)
    assert box.details.toPlainText() == details
    assert box.details.isReadOnly()
    assert box.box.isCollapsed()


def test_another_problem_replaces_the_first_one_and_collapses_the_details(box: ProblemBox) -> None:
    box.show_problem("The disk is full.", "Errno 28")
    box.show()
    box.box.setCollapsed(False)
    box.show_problem("There is no connection.", "Errno 101")
    assert (box.sentence.text(), box.details.toPlainText()) == ("There is no connection.", "Errno 101")
    assert box.box.isCollapsed()
    box.show_problem("Unknown.")
    assert box.box.isHidden()


def test_the_button_hides_the_problem_and_emits_again_once(box: ProblemBox) -> None:
    states: list[bool] = []
    box.again.connect(lambda: states.append(box.isHidden()))
    box.show_problem("The disk is full.")
    QTest.mouseClick(box.try_again, Qt.MouseButton.LeftButton)
    assert states == [True]
    box.show_problem("The disk is full.")
    assert not box.isHidden()
