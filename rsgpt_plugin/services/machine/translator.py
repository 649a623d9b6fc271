"""The plugin's words, and Qt's, in QGIS's language: installs and removes translations. Knows none of the words."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from ...core.paths import plugin_root
from ...shared import i18n

_NAME, _QT, _SEPARATOR, _ENDING = "rsgpt", "qtbase", "_", ".qm"


class Translator:
    """Translations that are in force from `install` to `remove`."""

    def __init__(self, locale: str = "", folder: Optional[Path] = None, qt_folder: str = "") -> None:
        """locale: such as zh-Hans or de_AT, "" for QGIS's own. qt_folder: of Qt's own words, "" for where they are."""
        self._locale = locale or QgsApplication.locale()
        self._folder = folder or plugin_root() / "i18n"
        self._qt_folder = qt_folder or _qt_folder()
        self._translator = QTranslator()
        self._qt = QTranslator()

    def install(self) -> None:
        """Translate from now on: into the full locale, else its language, else English, which has plurals of its own.

        Without a built translation the source text is shown, which is English. Qt's own words, such as those of OK
        and Cancel, QGIS looks for by its name of the locale, and so misses those of zh-Hans, which Qt calls zh_CN.
        """
        if self._qt.load(QLocale(self._locale), _QT, _SEPARATOR, self._qt_folder, _ENDING):
            QCoreApplication.installTranslator(self._qt)
        for name in (self._locale, "en"):
            if self._translator.load(QLocale(name), _NAME, _SEPARATOR, str(self._folder), _ENDING):
                break
        QCoreApplication.installTranslator(self._translator)
        i18n.lend(QCoreApplication.translate)

    def remove(self) -> None:
        """Translate no more."""
        i18n.lend(None)
        QCoreApplication.removeTranslator(self._translator)
        QCoreApplication.removeTranslator(self._qt)


def _qt_folder() -> str:
    """Where Qt keeps its words: Qt 6 has another name for the question, and for what is asked."""
    ask = getattr(QLibraryInfo, "path", None) or QLibraryInfo.location
    places = getattr(QLibraryInfo, "LibraryPath", None) or QLibraryInfo.LibraryLocation
    return str(ask(places.TranslationsPath))
