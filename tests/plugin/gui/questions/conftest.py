"""Dialogs of Processing, as without a main window: pytest-qgis's is a mock that QGIS's widgets do not accept."""

from __future__ import annotations

import pytest
from processing.gui import BatchPanel, ParametersPanel
from processing.modeler import ModelerParametersDialog


@pytest.fixture(autouse=True)
def _no_main_window(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (BatchPanel, ParametersPanel, ModelerParametersDialog):
        monkeypatch.setattr(module, "iface", None)
