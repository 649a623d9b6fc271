"""The setup wizard, page by page: a scripted installation, and a server with the scripted engine."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QWizard

from rsgpt_plugin.client.environment.environment import EnvironmentState
from rsgpt_plugin.client.environment.user_python import UserPython
from rsgpt_plugin.client.preferences import BackendKind, load
from rsgpt_plugin.client.server import local_server
from rsgpt_plugin.client.server.local_server import LocalServer
from rsgpt_plugin.errors import Cancelled, SetupError
from rsgpt_plugin.gui.setup_wizard.draft import WizardPage
from rsgpt_plugin.gui.setup_wizard.wizard import SetupWizard
from rsgpt_plugin.services.machine import environment_setup

Wait = Callable[[Callable[[], bool]], None]
BUTTON = QWizard.WizardButton


class Environment:
    """An environment that is installed by `script`. Its state and its removal are recorded in the class."""

    current = EnvironmentState.MISSING
    removed = False
    script: ClassVar[list[Callable[..., None]]] = []

    def __init__(self, home: Path, **options: object) -> None:
        self.home = home
        self.folder = home / "env"

    def state(self) -> EnvironmentState:
        return type(self).current

    def remove(self) -> None:
        type(self).removed = True

    def make(
        self,
        groups: Collection[str],
        say: Callable[[str], None],
        is_cancelled: Callable[[], bool],
        watch: Callable[[str], None],
    ) -> None:
        watch("Downloading torch-2.13.0.whl (100.0 MB)")
        say("Downloading torch-2.13.0.whl (100.0 MB)")
        if type(self).script:
            type(self).script.pop(0)(is_cancelled)
        type(self).current = EnvironmentState.READY


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, fake_server: Callable[..., LocalServer]) -> type[Environment]:
    """A machine with a Python, disk space and no GPU, and a model that recognizes a harbor."""
    Environment.current, Environment.removed, Environment.script = EnvironmentState.MISSING, False, []
    monkeypatch.setattr(environment_setup, "ManagedEnvironment", Environment)
    monkeypatch.setattr(environment_setup, "find_python", lambda: Path("/usr/bin/python3"))
    monkeypatch.setattr(environment_setup, "has_gpu", lambda: False)
    server = fake_server("--reply", "boats in a <b>harbor</b>")
    monkeypatch.setattr(local_server, "_managed_server", lambda launch: server)
    return Environment


@pytest.fixture
def wizard(settings: None, machine: type[Environment]) -> Iterator[SetupWizard]:
    wizard = SetupWizard()
    wizard.show()
    yield wizard
    wizard.reject()


def press(wizard: SetupWizard, button: QWizard.WizardButton) -> None:
    widget = wizard.button(button)
    assert widget.isEnabled()
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def to_plan(wizard: SetupWizard, wait_until: Wait) -> None:
    press(wizard, BUTTON.NextButton)
    assert wizard.currentId() == WizardPage.PLAN
    assert not wizard.plan.isComplete()
    wait_until(lambda: wizard.plan._machine is not None)


def test_from_nothing_to_a_first_answer(wizard: SetupWizard, wait_until: Wait, own_home: Path) -> None:
    to_plan(wizard, wait_until)
    texts = {name: label.text() for name, label in wizard.plan.texts.items()}
    assert texts["folder"] == str(own_home / "env")
    assert "about 400 MB" in texts["download"]
    assert "1.6" in texts["disk"]
    assert "not set up yet" in texts["state"]
    assert not own_home.exists()
    press(wizard, BUTTON.NextButton)
    wait_until(wizard.progress.isComplete)
    assert "torch-2.13.0" in wizard.progress.output.toPlainText()
    assert wizard.progress.bar.value() == wizard.progress.bar.maximum()
    press(wizard, BUTTON.NextButton)
    wait_until(lambda: wizard.answer.answer._work is None)
    result = wizard.answer.answer.result
    assert "boats in a <b>harbor</b>" in result.text()
    assert result.textFormat() == Qt.TextFormat.PlainText
    assert "The model is working." in result.text()
    assert not wizard.answer.answer.picture.pixmap().isNull()
    press(wizard, BUTTON.FinishButton)
    assert load().door is BackendKind.MANAGED


def test_a_failure_says_what_to_do_and_can_be_tried_again(
    wizard: SetupWizard, machine: type[Environment], wait_until: Wait
) -> None:
    def fail(is_cancelled: Callable[[], bool]) -> None:
        raise SetupError("The disk is full. Free about 3 GB.", "[Errno 28] No space left on device")

    machine.script = [fail]
    to_plan(wizard, wait_until)
    press(wizard, BUTTON.NextButton)
    problem = wizard.progress.problem
    wait_until(problem.isVisible)
    assert problem.sentence.text() == "The disk is full. Free about 3 GB."
    assert "Errno 28" in problem.details.toPlainText()
    assert not wizard.button(BUTTON.NextButton).isEnabled()
    QTest.mouseClick(problem.try_again, Qt.MouseButton.LeftButton)
    wait_until(wizard.progress.isComplete)
    assert not problem.isVisible()


def wait_for_cancel(is_cancelled: Callable[[], bool]) -> None:
    while not is_cancelled():
        time.sleep(0.01)
    raise Cancelled("Stopped.")


def test_stop_reaches_the_installation(wizard: SetupWizard, machine: type[Environment], wait_until: Wait) -> None:
    machine.script = [wait_for_cancel]
    to_plan(wizard, wait_until)
    press(wizard, BUTTON.NextButton)
    wait_until(lambda: "torch" in wizard.progress.line.text())
    QTest.mouseClick(wizard.progress.stop_button, Qt.MouseButton.LeftButton)
    wait_until(wizard.progress.problem.isVisible)
    assert "was stopped" in wizard.progress.problem.sentence.text()


def install_until_cancelled(wizard: SetupWizard, machine: type[Environment], wait_until: Wait) -> list[bool]:
    """Start an installation that runs until it is canceled. The returned list is not empty once it has ended."""
    stopped: list[bool] = []

    def work(is_cancelled: Callable[[], bool]) -> None:
        try:
            wait_for_cancel(is_cancelled)
        finally:
            stopped.append(True)

    machine.script = [work]
    to_plan(wizard, wait_until)
    press(wizard, BUTTON.NextButton)
    wait_until(lambda: "torch" in wizard.progress.line.text())
    return stopped


def test_closing_the_wizard_stops_the_installation(
    wizard: SetupWizard, machine: type[Environment], wait_until: Wait
) -> None:
    stopped = install_until_cancelled(wizard, machine, wait_until)
    press(wizard, BUTTON.CancelButton)
    wait_until(lambda: bool(stopped))
    assert machine.current is EnvironmentState.MISSING


def test_back_stops_the_installation(wizard: SetupWizard, machine: type[Environment], wait_until: Wait) -> None:
    stopped = install_until_cancelled(wizard, machine, wait_until)
    press(wizard, BUTTON.BackButton)
    wait_until(lambda: bool(stopped))
    assert wizard.currentId() == WizardPage.PLAN


def test_a_ready_environment_is_reinstalled_only_for_a_repair(
    wizard: SetupWizard, machine: type[Environment], wait_until: Wait
) -> None:
    machine.current = EnvironmentState.READY
    to_plan(wizard, wait_until)
    assert wizard.plan.nextId() == WizardPage.ANSWER
    assert (wizard.plan.title(), wizard.plan._plan.isHidden()) == ("Nothing has to be set up", True)
    assert "button below" not in wizard.plan.subTitle()
    wizard.plan.from_scratch.setChecked(True)
    assert (wizard.plan.title(), wizard.plan._plan.isHidden()) == ("What will be set up", False)
    press(wizard, BUTTON.NextButton)
    assert wizard.currentId() == WizardPage.PROGRESS
    wait_until(wizard.progress.isComplete)
    assert machine.removed


@pytest.mark.parametrize("missing", ["Python", "disk space"])
def test_the_setup_cannot_start_without_python_or_disk_space(
    wizard: SetupWizard, wait_until: Wait, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(
        environment_setup, "find_python", lambda: None if missing == "Python" else Path("/usr/bin/python3")
    )
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(
        shutil, "disk_usage", lambda folder: usage._replace(free=10**6 if missing == "disk space" else 10**12)
    )
    to_plan(wizard, wait_until)
    assert not wizard.button(BUTTON.NextButton).isEnabled()
    messages = {"Python": "No Python 3.11", "disk space": "not enough disk space"}
    assert messages[missing] in wizard.plan.problem.sentence.text()


def test_the_user_s_own_python_is_checked_before_it_is_used(
    wizard: SetupWizard, wait_until: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check_user_python(python: Path, is_cancelled: Callable[[], bool]) -> UserPython:
        if python.name == "bad":
            raise SetupError("This Python lacks torch.", "pip install torch")
        return UserPython(python, "2.13.0", "5.2.0", ("cpu",))

    monkeypatch.setattr(environment_setup, "check_user_python", check_user_python)
    wizard.page(WizardPage.BACKEND).buttons[BackendKind.PYTHON].setChecked(True)
    press(wizard, BUTTON.NextButton)
    page = wizard.python
    page.file.setFilePath("/envs/bad")
    QTest.mouseClick(page.check, Qt.MouseButton.LeftButton)
    wait_until(page.problem.isVisible)
    assert page.problem.sentence.text() == "This Python lacks torch."
    assert not wizard.button(BUTTON.NextButton).isEnabled()
    page.file.setFilePath("/envs/good")
    QTest.mouseClick(page.check, Qt.MouseButton.LeftButton)
    wait_until(page.isComplete)
    assert "2.13.0" in page.result.text()
    press(wizard, BUTTON.NextButton)
    assert (load().door, load().python) == (BackendKind.PYTHON, "/envs/good")


def test_a_canceled_wizard_saves_nothing(wizard: SetupWizard) -> None:
    wizard.page(WizardPage.BACKEND).buttons[BackendKind.SERVER].setChecked(True)
    press(wizard, BUTTON.NextButton)
    press(wizard, BUTTON.CancelButton)
    assert load().door is BackendKind.MANAGED
