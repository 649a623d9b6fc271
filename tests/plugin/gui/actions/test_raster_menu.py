"""Unloading deletes the plugin's empty submenu, and no other menu."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtCore import QCoreApplication, QEvent
from qgis.PyQt.QtWidgets import QMainWindow, QMenu

from rsgpt_plugin.gui.actions.raster_menu import MENU, SubmenuPart
from tests.plugin.waiting import wait_until

pytestmark = pytest.mark.usefixtures("qgis_app")


class MenuWindow:
    """A main window with a Raster menu."""

    def __init__(self) -> None:
        self.window = QMainWindow()
        self.raster = self.window.menuBar().addMenu("Raster")

    def mainWindow(self) -> QMainWindow:
        return self.window

    def titles(self) -> list[str]:
        """The titles of the menus that exist after pending deletions."""
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        return sorted(menu.title() for menu in self.window.findChildren(QMenu) if menu.title())


@pytest.fixture
def iface() -> MenuWindow:
    return MenuWindow()


def test_registering_leaves_the_menus_to_qgis(iface: MenuWindow) -> None:
    SubmenuPart(iface).register()
    assert iface.titles() == ["Raster"]


def test_the_submenu_gets_an_icon(iface: MenuWindow) -> None:
    part = SubmenuPart(iface)
    part.register()
    submenu = iface.raster.addMenu(MENU)
    wait_until(lambda: not submenu.icon().isNull())


def test_unregistering_deletes_the_empty_submenu(iface: MenuWindow) -> None:
    iface.raster.addMenu(MENU)
    QMenu(MENU, iface.window)  # QGIS has removed it from the Raster menu
    SubmenuPart(iface).unregister()
    assert iface.titles() == ["Raster"]


def test_a_submenu_with_entries_and_other_empty_menus_are_kept(iface: MenuWindow) -> None:
    iface.raster.addMenu(MENU).addAction("of another part")
    iface.raster.addMenu("RSGPT tools")
    SubmenuPart(iface).unregister()
    assert iface.titles() == ["RSGPT", "RSGPT tools", "Raster"]


def test_unregistering_twice_does_nothing(iface: MenuWindow) -> None:
    part = SubmenuPart(iface)
    iface.raster.addMenu(MENU)
    part.unregister()
    part.unregister()
    assert iface.titles() == ["Raster"]
