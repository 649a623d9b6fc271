"""Cancel rejects the window of a long write, its end does not."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QDialogButtonBox, QWidget

from rsgpt_plugin.gui.results_table.correcting.writing_dialog import WritingDialog

pytestmark = pytest.mark.usefixtures("qgis_app")


def test_cancel_rejects_and_the_end_does_not() -> None:
    window, rejected = QWidget(), list[str]()
    for name in ("end", "cancel"):
        dialog = WritingDialog(window)
        dialog.rejected.connect(lambda name=name: rejected.append(name))
        dialog.show()
        assert dialog.windowModality() == Qt.WindowModality.ApplicationModal
        cancel = dialog.buttons.button(QDialogButtonBox.StandardButton.Cancel)
        dialog.end() if name == "end" else cancel.click()
        assert not dialog.isVisible()
    assert rejected == ["cancel"]
