"""The setup wizard with its pages."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtWidgets import QWidget, QWizard

from ..widgets import set_initial_size
from .answer_page import AnswerPage
from .backend_page import BackendPage
from .draft import SetupDraft, WizardPage
from .plan_page import PlanPage
from .progress_page import ProgressPage
from .python_page import PythonPage
from .wizard_server_page import ServerWizardPage


class SetupWizard(QWizard):
    """Leads from the choice of a backend to a first answer."""

    def __init__(self, parent: Optional[QWidget] = None, from_scratch: bool = False) -> None:
        """from_scratch: start at the plan page to reinstall the environment from scratch."""
        super().__init__(parent)
        draft = SetupDraft(from_scratch=from_scratch)
        self.setWindowTitle(self.tr("Set up the RSGPT model"))
        self.setWizardStyle(QWizard.WizardStyle.ModernStyle)
        self.setOption(QWizard.WizardOption.NoBackButtonOnStartPage)
        self.setOption(QWizard.WizardOption.NoCancelButtonOnLastPage)
        self.plan = PlanPage(draft)
        self.progress = ProgressPage(draft)
        self.python = PythonPage(draft)
        self.answer = AnswerPage(draft)
        for page, widget in (
            (WizardPage.BACKEND, BackendPage(draft)),
            (WizardPage.PLAN, self.plan),
            (WizardPage.PROGRESS, self.progress),
            (WizardPage.PYTHON, self.python),
            (WizardPage.SERVER, ServerWizardPage(draft)),
            (WizardPage.ANSWER, self.answer),
        ):
            self.setPage(page, widget)
        self._name_buttons()
        self.setStartId(WizardPage.PLAN if from_scratch else WizardPage.BACKEND)
        set_initial_size(self, width=40, height=31)

    def done(self, result: int) -> None:
        """Close the wizard and stop its tasks; downloaded files are kept."""
        for page in (self.plan, self.progress, self.python, self.answer):
            page.stop()
        super().done(result)

    def _name_buttons(self) -> None:
        """Translate the buttons: Qt has no translation file for QGIS's language code `zh-Hans`."""
        for button, text in (
            (QWizard.WizardButton.BackButton, self.tr("< Back")),
            (QWizard.WizardButton.NextButton, self.tr("Next >")),
            (QWizard.WizardButton.CancelButton, self.tr("Cancel")),
            (QWizard.WizardButton.FinishButton, self.tr("Finish")),
        ):
            self.setButtonText(button, text)
