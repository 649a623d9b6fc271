"""A builder, and dialogs of Processing without a main window: QGIS's widgets do not accept the mock of pytest-qgis."""

from __future__ import annotations

import pytest
from processing.gui import BatchPanel, ParametersPanel
from processing.modeler import ModelerParametersDialog

from rsgpt_plugin.gui.questions.question_builder import QuestionBuilder


@pytest.fixture(autouse=True)
def _no_main_window(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (BatchPanel, ParametersPanel, ModelerParametersDialog):
        monkeypatch.setattr(module, "iface", None)


@pytest.fixture
def builder(qgis_app: object) -> QuestionBuilder:
    builder = QuestionBuilder()
    builder.show()
    return builder
