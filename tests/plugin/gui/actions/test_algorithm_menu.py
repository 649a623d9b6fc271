"""The menu opens the dialogs of the algorithms and the guide."""

from __future__ import annotations

import sys

import pytest
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QAction

from rsgpt_plugin.gui.actions.algorithm_menu import GUIDE, AlgorithmMenu, GuideEntry

pytestmark = pytest.mark.usefixtures("qgis_app")


class Menus:
    def __init__(self) -> None:
        self.bar = QgsMessageBar()
        self.entries: list[QAction] = []

    def messageBar(self) -> QgsMessageBar:
        return self.bar

    def addPluginToRasterMenu(self, menu: str, action: QAction) -> None:
        self.entries.append(action)

    def removePluginRasterMenu(self, menu: str, action: QAction) -> None:
        self.entries.remove(action)


def test_the_algorithms_need_the_processing_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "processing", None)
    menus = Menus()
    part = AlgorithmMenu(menus)
    part.register()
    assert [entry.text() for entry in menus.entries] == ["Describe raster…", "Describe features…"]
    menus.entries[0].trigger()
    assert "Processing plugin is disabled" in menus.bar.items()[0].text()
    part.unregister()
    assert menus.entries == []


def test_the_guide_opens_in_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    part = GuideEntry(Menus())
    part.action.trigger()
    assert opened == [GUIDE]
