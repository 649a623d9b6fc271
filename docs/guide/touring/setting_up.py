"""Stops of the tour about the model: setup wizard, options, models and problem report. Settings stay unchanged."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtWidgets import QDialogButtonBox, QLabel, QMenu, QMessageBox, QRadioButton, QTreeView, QWizard

from .desk import ANSWER_S, Desk, modal, translated
from .hands import choose, click, click_item, dialog, item, press, scroll_to, windows
from .steps import Steps, pause, until

_INSTALL_S = 2400.0
_BUTTON = QWizard.WizardButton


def wizard(desk: Desk) -> Steps:
    """Go through the wizard when the model is already set up."""
    yield from choose(desk.window, *desk.entry("SetupPart", "Set up the model…"))
    pages = yield from dialog("SetupWizard")
    for radio in pages.currentPage().findChildren(QRadioButton)[1:]:
        yield from click(radio, QPoint(10, radio.height() // 2))
        yield from _next(pages)
        desk.pictures.window("wizard-other", pages)
        yield from click(pages.button(_BUTTON.BackButton))
        yield pause(0.3)
    first = pages.currentPage().findChildren(QRadioButton)[0]
    yield from click(first, QPoint(10, first.height() // 2))
    desk.pictures.window("wizard-door", pages)
    yield from _next(pages)
    yield until(pages.currentPage().isComplete, "the machine to be looked at", 60)
    desk.pictures.window("wizard-plan", pages)
    yield from _next(pages)
    yield from _first_answer(desk, pages)


def from_nothing(desk: Desk) -> Steps:
    """Start without a model: a question leads to the wizard, and the wizard to an answer."""
    yield from desk.press_button("CanvasActions", "Describe canvas")
    yield until(desk.messages, "the offer to set up the model")
    desk.pictures.screen("not-set-up")
    yield from desk.press_message_button(translated("CanvasActions", "Set up…"))
    pages = yield from dialog("SetupWizard")
    desk.pictures.window("wizard-door", pages)
    yield from _next(pages)
    yield until(pages.currentPage().isComplete, "the machine to be looked at", 60)
    desk.pictures.window("wizard-plan", pages)
    yield from _next(pages)
    yield until(lambda: pages.progress.bar.value() > 100, "a tenth of the setup", _INSTALL_S)
    yield from click(pages.progress.stop_button)
    yield until(pages.progress.problem.isVisible, "the setup to stop", 30)
    desk.pictures.window("wizard-stopped", pages)
    yield from click(pages.progress.problem.try_again)
    yield until(lambda: pages.progress.bar.value() > 500, "half of the setup", _INSTALL_S)
    desk.pictures.window("wizard-progress", pages)
    yield until(pages.button(_BUTTON.NextButton).isEnabled, "the setup to finish", _INSTALL_S)
    desk.pictures.window("wizard-done", pages)
    yield from _next(pages)
    yield from _first_answer(desk, pages)


def options(desk: Desk) -> Steps:
    """Show the page in QGIS's options, and the models dialog."""
    settings = desk.window.findChild(QMenu, "mSettingsMenu")
    entry = next(action for action in settings.actions() if action.objectName() == "mActionOptions")
    yield from choose(desk.window, "mSettingsMenu", entry.text())
    yield until(lambda: modal() is not None, "the options", 60)
    window = modal()
    yield pause(1.0)
    tree = next(view for view in window.findChildren(QTreeView) if view.isVisible())
    yield from click_item(tree, item(tree, "RSGPT"))
    page = next(widget for widget in window.findChildren(object) if type(widget).__name__ == "OptionsPage")
    yield until(page.isVisible, "the plugin's page")
    yield until(lambda: page.storage._work is None, "the sizes on disk", 60)
    yield pause(0.5)
    desk.pictures.window("options", window, for_guide=True)
    yield from click(page.model.models)
    models = yield from dialog("ModelsDialog")
    yield until(lambda: models.list.topLevelItem(0).text(2) != "…", "what the models need", ANSWER_S)
    yield from click(models.test)
    yield until(lambda: models.answer.result.text() and models.answer.bar.isHidden(), "an answer", ANSWER_S)
    yield pause(0.5)
    desk.pictures.window("models", models)
    yield from press(models, Qt.Key.Key_Escape)
    yield until(lambda: modal() is window, "the options again")
    scroll_to(page.privacy)
    yield pause(0.3)
    desk.pictures.window("options-below", window)
    yield from press(window, Qt.Key.Key_Escape)
    yield until(lambda: modal() is None, "the options to close")


def report(desk: Desk) -> Steps:
    """Show the problem report."""
    yield from choose(desk.window, *desk.entry("ReportPart", "Report a problem…"))
    shown = yield from dialog("ReportDialog")
    desk.pictures.window("report", shown)
    yield from click(shown.buttons.button(QDialogButtonBox.StandardButton.Close))


def leave(desk: Desk) -> Steps:
    """Choose Project ▸ Exit QGIS and answer its questions; this also ends the tour."""
    desk.pictures.screen("end")  # shows docs/guide/tour that QGIS did not end earlier
    yield from _exit(desk)
    while True:
        yield until(lambda: isinstance(modal(), QMessageBox), "QGIS to end", 120)
        stop, discard = map(modal().button, (QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.Discard))
        yield from click(stop or discard)
        yield pause(1.0)
        if stop is not None:
            yield until(lambda: not QgsApplication.taskManager().countActiveTasks(), "the tasks to stop", 30)
            yield pause(3.0)
            if not isinstance(modal(), QMessageBox):  # QGIS waited too long for its tasks and did not exit
                yield from _exit(desk)


def _exit(desk: Desk) -> Steps:
    menu = desk.window.findChild(QMenu, "mProjectMenu")
    entry = next(action for action in menu.actions() if action.objectName() == "mActionExit")
    yield from choose(desk.window, "mProjectMenu", entry.text())


def _next(pages: Any) -> Steps:
    """Click the button that leads to the next page."""
    before = pages.currentId()
    buttons = [pages.button(role) for role in (_BUTTON.NextButton, _BUTTON.CommitButton)]
    yield from click(next(button for button in buttons if button.isVisible()))
    yield until(lambda: pages.currentId() != before, "the next page")
    yield pause(0.5)


def _first_answer(desk: Desk, pages: Any) -> Steps:
    right = translated("AnswerView", "The model is working.")
    yield until(lambda: any(right in label.text() for label in pages.answer.findChildren(QLabel)), right, ANSWER_S)
    yield pause(0.3)
    desk.pictures.window("wizard", pages, for_guide=True)
    yield from click(pages.button(_BUTTON.FinishButton))
    yield until(lambda: not windows("SetupWizard"), "the wizard to close")
