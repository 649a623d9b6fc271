"""Exceptions that nobody expected: a traceback for QGIS's log, and a sentence for the user. Handles none itself.

A border, such as one picture, one answer, one row or one task, catches whatever a library raises; the rest goes on.
"""

from __future__ import annotations

import traceback
from collections import Counter

from qgis.core import Qgis, QgsMessageLog

from .shared.files.addresses import without_secrets
from .shared.i18n import translate
from .shared.text import clean

LOG = "RSGPT"
_MOST_LOGGED = 10  # a run of 100,000 rows may fail 100,000 times at the same place
_LONGEST = 300
_logged: Counter[str] = Counter()


def explained(error: Exception) -> str:
    """Write the traceback to QGIS's log, and return a sentence that says where it is."""
    place = _place(error)
    _logged[place] += 1
    if _logged[place] <= _MOST_LOGGED:
        QgsMessageLog.logMessage(details(error), LOG, Qgis.MessageLevel.Critical, False)
    sentence = translate("Rsgpt", "Unexpected error {cause}. See “RSGPT” in QGIS's log messages.")
    cause = clean(without_secrets(f"{type(error).__name__}: {error}"))
    return sentence.format(cause=cause[:_LONGEST].rstrip(". "))


def details(error: Exception) -> str:
    """The traceback as text."""
    return clean(without_secrets("".join(traceback.format_exception(type(error), error, error.__traceback__))))


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} {frames[-1].filename}:{frames[-1].lineno}" if frames else type(error).__name__
