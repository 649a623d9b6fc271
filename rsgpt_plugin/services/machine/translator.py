"""Installs and removes the translations of the plugin and of Qt."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from ...core.paths import plugin_root
from ...shared import i18n

_NAME, _QT, _SEPARATOR, _SUFFIX = "rsgpt", "qtbase", "_", ".qm"


class Translator:
    """Translations that apply from `install` to `remove`."""

    def __init__(self, locale: str = "", folder: Optional[Path] = None, qt_folder: str = "") -> None:
        """locale: such as zh-Hans or de_AT, "" for QGIS's. qt_folder: Qt's translations, "" for their usual folder."""
        self._locale = locale or QgsApplication.locale()
        self._folder = folder or plugin_root() / "i18n"
        self._qt_folder = qt_folder or _qt_folder()
        self._translator = QTranslator()
        self._qt = QTranslator()

    def install(self) -> None:
        """Install the translations for the locale, else for its language, else English, which adds plural forms.

        Without a .qm file the English source text is shown. Qt's translations, such as those of OK and Cancel, are
        loaded here because QGIS looks them up by its own locale name and misses zh-Hans, which Qt calls zh_CN.
        """
        if self._qt.load(QLocale(self._locale), _QT, _SEPARATOR, self._qt_folder, _SUFFIX):
            QCoreApplication.installTranslator(self._qt)
        for name in (self._locale, "en"):
            if self._translator.load(QLocale(name), _NAME, _SEPARATOR, str(self._folder), _SUFFIX):
                break
        QCoreApplication.installTranslator(self._translator)
        i18n.set_translator(QCoreApplication.translate)

    def remove(self) -> None:
        """Remove the translations."""
        i18n.set_translator(None)
        QCoreApplication.removeTranslator(self._translator)
        QCoreApplication.removeTranslator(self._qt)


def _qt_folder() -> str:
    """Return the folder of Qt's translations. Qt 6 has renamed the method and the enumeration."""
    path = getattr(QLibraryInfo, "path", None) or QLibraryInfo.location
    locations = getattr(QLibraryInfo, "LibraryPath", None) or QLibraryInfo.LibraryLocation
    return str(path(locations.TranslationsPath))
