"""The page that shows what will be installed, its sources, folder and size, before the installation."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtWidgets import QCheckBox, QComboBox, QFormLayout, QVBoxLayout, QWidget, QWizard, QWizardPage

from ...client.environment.environment import DOWNLOAD_BYTES, INSTALLED_BYTES, EnvironmentState
from ...client.environment.installer import TorchBuild
from ...services.background_task import BackgroundTask
from ...services.machine.environment_setup import Machine, inspect_machine
from ..problem_box import ProblemBox
from ..widgets import size_text, text_label
from .draft import SetupDraft, WizardPage


class PlanPage(QWizardPage):
    """Complete when the machine has been checked and meets the requirements."""

    def __init__(self, draft: SetupDraft) -> None:
        super().__init__()
        self._draft = draft
        self._plan = QWidget()
        self._machine: Optional[Machine] = None
        self._work: Optional[BackgroundTask] = None
        names = ("state", "contents", "folder", "python", "download", "disk", "free")
        self.texts = {name: text_label(selectable=True) for name in names}
        self.build = QComboBox()
        self.from_scratch = QCheckBox(self.tr("Reinstall from scratch (repair)"))
        self.problem = ProblemBox()
        self._lay_out()
        self.build.currentIndexChanged.connect(self._update)
        self.from_scratch.toggled.connect(self._update)
        self.problem.again.connect(self.initializePage)

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        """Check the machine each time the page is shown."""
        self.stop()
        self._machine = None
        self.problem.hide()
        self.from_scratch.setChecked(self._draft.from_scratch)
        self.texts["state"].setText(self.tr("Checking this machine…"))
        self._work = inspect_machine()
        self._work.done.connect(self._show_machine)
        self._work.failed.connect(self.problem.show_problem)
        self._work.start()
        self.completeChanged.emit()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        machine = self._machine
        if machine is None:
            return False
        return not self._needs_setup() or (bool(machine.python) and machine.has_space(self._torch_build()))

    def nextId(self) -> int:  # noqa: N802 - Qt's name
        return int(WizardPage.PROGRESS if self._needs_setup() else WizardPage.ANSWER)

    def validatePage(self) -> bool:  # noqa: N802 - Qt's name
        self._draft.build = self._torch_build()
        self._draft.from_scratch = self.from_scratch.isChecked()
        return True

    def stop(self) -> None:
        """Drop the check in progress."""
        work, self._work = self._work, None
        if work is not None:
            work.drop()

    def _lay_out(self) -> None:
        plan = QFormLayout(self._plan)
        plan.setContentsMargins(0, 0, 0, 0)
        plan.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for title, widget in (
            (self.tr("Contents"), self.texts["contents"]),
            (self.tr("PyTorch for"), self.build),
            (self.tr("Folder"), self.texts["folder"]),
            (self.tr("Python"), self.texts["python"]),
            (self.tr("Download"), self.texts["download"]),
            (self.tr("Required disk space"), self.texts["disk"]),
            (self.tr("Free disk space"), self.texts["free"]),
        ):
            plan.addRow(title, widget)
        layout = QVBoxLayout(self)
        for part in (self.texts["state"], self._plan, self.from_scratch, self.problem):
            layout.addWidget(part)
        layout.addStretch()
        self._show_plan(True)
        self.texts["contents"].setText(
            self.tr(
                "PyTorch, transformers, the language model SmolLM2 (135 million parameters) and their dependencies."
            )
        )

    def _show_plan(self, is_needed: bool) -> None:
        """Show what would be installed, or only that nothing has to be."""
        self._plan.setVisible(is_needed)
        title = self.tr("What will be set up") if is_needed else self.tr("Nothing has to be set up")
        button = self.tr("Nothing is installed until you click the button below.")
        self.setTitle(title)
        self.setSubTitle(button if is_needed else self.tr("The next page asks the model a first question."))

    def _show_machine(self, machine: Machine) -> None:
        self._work = None
        self._machine = machine
        device = self.tr("NVIDIA GPU") if machine.has_gpu else self.tr("CPU")
        index = max(0, self.build.currentIndex())
        self.build.clear()
        self.build.addItem(self.tr("automatic: {device}").format(device=device), TorchBuild.AUTO)
        self.build.addItem(self.tr("CPU"), TorchBuild.CPU)
        self.build.addItem(self.tr("NVIDIA GPU (CUDA)"), TorchBuild.CUDA)
        self.build.setCurrentIndex(index)
        self.texts["state"].setText(self._state_sentence(machine.state))
        self.texts["folder"].setText(str(machine.folder))
        self.texts["python"].setText(machine.python or self.tr("not found"))
        self.texts["free"].setText(size_text(machine.free))
        self.from_scratch.setVisible(machine.state is not EnvironmentState.MISSING)
        self._update()

    def _state_sentence(self, state: EnvironmentState) -> str:
        return {
            EnvironmentState.MISSING: self.tr("The model is not set up yet."),
            EnvironmentState.HALF_MADE: self.tr(
                "A previous setup was started but not finished. Files that were already downloaded are "
                "not downloaded again."
            ),
            EnvironmentState.STALE: self.tr(
                "The model was set up by another version of the plugin and will be updated."
            ),
            EnvironmentState.READY: self.tr("The model is set up and ready."),
        }[state]

    def _update(self) -> None:
        machine = self._machine
        if machine is None:
            return
        build = machine.build(self._torch_build())
        source = self.tr("about {size}, from the Python Package Index or the index that pip is configured to use")
        if build is TorchBuild.CPU:
            source = self.tr(
                "about {size}, from the Python Package Index or the index that pip is configured to use, "
                "and from the PyTorch index"
            )
        self.texts["download"].setText(source.format(size=size_text(DOWNLOAD_BYTES[build])))
        self.texts["disk"].setText(self.tr("about {size}").format(size=size_text(INSTALLED_BYTES[build])))
        self.problem.hide()
        if self._needs_setup():
            self._show_missing(machine)
        self._show_plan(self._needs_setup())
        button = self.tr("Set up") if self._needs_setup() else self.tr("Next >")
        self.setButtonText(QWizard.WizardButton.NextButton, button)
        self.completeChanged.emit()

    def _show_missing(self, machine: Machine) -> None:
        if not machine.python:
            self.problem.show_problem(
                self.tr(
                    "No Python 3.11 to 3.14 with the venv module was found on this machine. Install one (on "
                    "Debian and Ubuntu, also install the package python3-venv), then try again."
                )
            )
        elif not machine.has_space(self._torch_build()):
            self.problem.show_problem(
                self.tr(
                    "There is not enough disk space. Free some space, or set RSGPT_HOME to a folder on another drive."
                )
            )

    def _needs_setup(self) -> bool:
        return self._machine is not None and (
            self._machine.state is not EnvironmentState.READY or self.from_scratch.isChecked()
        )

    def _torch_build(self) -> TorchBuild:
        return self.build.currentData() or TorchBuild.AUTO
