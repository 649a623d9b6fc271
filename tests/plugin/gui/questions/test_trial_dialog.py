"""The dialog of a trial shows pictures and answers, and closing it stops the trial."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QImage
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDialogButtonBox, QWidget

from rsgpt_plugin.encoding import encode
from rsgpt_plugin.errors import ModelError
from rsgpt_plugin.gui.questions.trial_dialog import TrialDialog
from rsgpt_plugin.services.background_task import BackgroundTask
from rsgpt_plugin.services.runs.trial_run import Trial, TrialRow

Work = Callable[[BackgroundTask], Any]


@pytest.fixture
def opened(qgis_app: object) -> Callable[[Work], TrialDialog]:
    def of(work: Work) -> TrialDialog:
        dialog = TrialDialog(BackgroundTask("trial", work))
        dialog.show()
        return dialog

    return of


def wait_for(is_done: Callable[[], bool]) -> None:
    for _ in range(100):
        if is_done():
            return
        QTest.qWait(50)
    raise AssertionError("too slow")


def test_answers_are_beside_their_pictures(opened: Callable[[Work], TrialDialog]) -> None:
    image = QImage(20, 10, QImage.Format.Format_RGB888)
    rows = (TrialRow(encode(image), ("yes (80%)",), ""), TrialRow(b"", ("",), "no valid pixel here"))
    dialog = opened(lambda task: Trial(("water",), rows))
    wait_for(lambda: dialog.table.rowCount() == 2)
    headings = [dialog.table.horizontalHeaderItem(column).text() for column in range(3)]
    assert headings == ["Picture", "water", "Reason"]
    cells = [[dialog.table.item(row, column).text() for column in (1, 2)] for row in range(2)]
    assert cells == [["yes (80%)", ""], ["", "no valid pixel here"]]
    assert not dialog.table.item(0, 0).icon().isNull()
    assert dialog.table.item(1, 0).icon().isNull()
    assert dialog.bar.isHidden()


def test_an_error_is_shown(opened: Callable[[Work], TrialDialog]) -> None:
    def fail(task: BackgroundTask) -> None:
        raise ModelError("The model is gone.")

    dialog = opened(fail)
    wait_for(lambda: dialog.status.text() == "The model is gone.")
    assert dialog.buttons.button(QDialogButtonBox.StandardButton.Close) is not None


class Waiting(list[str]):
    """What happened in a task that waits until it is canceled."""

    def work(self, task: BackgroundTask) -> None:
        self.append("started")
        while not task.isCanceled():
            QTest.qSleep(10)
        self.append("canceled")

    def wait_for(self, last: str) -> None:
        wait_for(lambda: self[-1:] == [last])


def test_closing_stops_the_trial(opened: Callable[[Work], TrialDialog]) -> None:
    seen = Waiting()
    dialog = opened(seen.work)
    seen.wait_for("started")  # a task that is canceled before that never runs
    dialog.buttons.button(QDialogButtonBox.StandardButton.Cancel).click()
    seen.wait_for("canceled")


@pytest.mark.parametrize("has_parent", [False, True])
def test_escape_closes_it(qgis_app: object, has_parent: bool) -> None:
    image = QImage(20, 10, QImage.Format.Format_RGB888)
    parent = QWidget()
    parent.show()
    rows = (TrialRow(encode(image), ("yes (80 %)",), ""),)
    task = BackgroundTask("trial", lambda task: Trial(("water",), rows))
    dialog = TrialDialog(task, parent if has_parent else None)
    dialog.show()
    dialog.activateWindow()
    wait_for(lambda: dialog.table.rowCount() == 1)
    QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_Escape)  # the button that had the focus is gone
    QTest.qWait(50)
    assert sip.isdeleted(dialog)


def test_deleting_the_dialog_of_processing_stops_the_trial(qgis_app: object) -> None:
    seen, parent = Waiting(), QWidget()
    TrialDialog(BackgroundTask("trial", seen.work), parent).show()
    seen.wait_for("started")
    sip.delete(parent)
    seen.wait_for("canceled")
