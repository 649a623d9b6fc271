"""Processing dialogs live until QGIS deletes them, even if Python collects garbage before."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from qgis.core import QgsApplication, QgsTask
from qgis.gui import QgsMessageBar, QgsProcessingAlgorithmDialogBase
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QDialog

from rsgpt_plugin.gui.message_bar import MessageBar
from rsgpt_plugin.gui.processing_dialogs import ProcessingDialogs, open_algorithm
from tests.plugin.waiting import wait_until


class Dialog(QgsProcessingAlgorithmDialogBase):
    """Refers to itself, as the Processing dialog does through the slots of its task."""

    def __init__(self) -> None:
        super().__init__()
        self.itself = self


@pytest.fixture
def watching(qgis_app: QgsApplication) -> Iterator[None]:
    part = ProcessingDialogs()
    part.register()
    yield
    part.unregister()


def add_task() -> None:
    QgsApplication.taskManager().addTask(QgsTask.fromFunction("", lambda task: None))


def open_dialog(kind: type[QDialog]) -> weakref.ref[QDialog]:
    dialog = kind()
    dialog.show()
    return weakref.ref(dialog)


def test_a_dialog_is_kept_from_the_start_of_a_task_until_it_is_deleted(watching: None) -> None:
    gc.disable()  # only the collection below may decide
    dialog = open_dialog(Dialog)
    add_task()
    gc.enable()
    gc.collect()
    held = dialog()
    assert held is not None
    sip.delete(held)
    del held
    gc.collect()
    assert dialog() is not None, "its task may use its context"
    wait_until(lambda: not QgsApplication.taskManager().count())
    wait_until(lambda: gc.collect() >= 0 and dialog() is None)


def test_other_dialogs_are_not_kept(watching: None) -> None:
    dialog = open_dialog(QDialog)
    add_task()
    gc.collect()
    assert dialog() is None


def test_an_algorithm_that_is_not_available_is_reported(qgis_app: QgsApplication) -> None:
    bar = QgsMessageBar()
    open_algorithm("rsgpt:absent", {}, MessageBar(bar))
    assert "rsgpt:absent is not available" in bar.currentItem().text()


def test_no_dialog_is_kept_after_unregister(qgis_app: QgsApplication) -> None:
    part = ProcessingDialogs()
    part.register()
    part.unregister()
    dialog = open_dialog(Dialog)
    add_task()
    gc.collect()
    assert dialog() is None
