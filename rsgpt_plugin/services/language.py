"""The plugin's words in QGIS's language: installs and removes the translation. Knows none of the words."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QLocale, QTranslator

from ..core import language
from ..core.paths import plugin_root

_NAME, _SEPARATOR, _ENDING = "rsgpt", "_", ".qm"


class Language:
    """A translation that is in force from `install` to `remove`."""

    def __init__(self, locale: str = "", folder: Optional[Path] = None) -> None:
        """locale: such as zh-Hans or de_AT, "" for QGIS's own."""
        self._locale = locale or QgsApplication.locale()
        self._folder = folder or plugin_root() / "i18n"
        self._translator = QTranslator()

    def install(self) -> None:
        """Translate from now on: into the full locale, else its language, else English, which has plurals of its own.

        Without a built translation the source text is shown, which is English.
        """
        for name in (self._locale, "en"):
            if self._translator.load(QLocale(name), _NAME, _SEPARATOR, str(self._folder), _ENDING):
                break
        QCoreApplication.installTranslator(self._translator)
        language.lend(QCoreApplication.translate)

    def remove(self) -> None:
        """Translate no more."""
        language.lend(None)
        QCoreApplication.removeTranslator(self._translator)
