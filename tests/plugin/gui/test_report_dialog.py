"""The report is copied and saved as shown."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.gui.report_dialog import ReportDialog, ReportPart
from tests.plugin.test_plugin import PluginWindow


def test_the_menu_entry_shows_a_report(qgis_new_project: None) -> None:
    window = PluginWindow()
    part = ReportPart(window)
    part.register()
    (entry,) = window.menu
    entry.trigger()
    (dialog,) = window.window.findChildren(ReportDialog)
    assert "QGIS " in dialog.text.toPlainText()
    part.unregister()
    assert window.menu == []
    assert not dialog.isVisible()


def test_the_edited_text_is_copied_and_saved(qgis_app: object, tmp_path: Path) -> None:
    dialog = ReportDialog("mine\nfine")
    dialog.text.setPlainText("fine")
    QTest.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "fine"
    dialog.write(tmp_path / "report.txt")
    assert (tmp_path / "report.txt").read_text("utf-8") == "fine"
    dialog.write(tmp_path / "none" / "report.txt")
    assert "could not be saved" in dialog.status.text()
