"""Reports of unexpected exceptions: a traceback in QGIS's log and a message for the user.

Boundaries (one picture, answer, row or task) catch any exception of a library, so that the rest continues.
"""

from __future__ import annotations

import traceback
from collections import Counter

from qgis.core import Qgis, QgsMessageLog

from .shared.files.addresses import without_secrets
from .shared.i18n import translate
from .shared.text import clean

LOG = "RSGPT"
_MAX_LOGGED = 10  # per location: a run of 100,000 rows may fail 100,000 times
_MAX_CAUSE = 300
_logged: Counter[str] = Counter()


def log_unexpected(error: Exception) -> str:
    """Write the traceback to QGIS's log and return a message that refers to it."""
    location = _location(error)
    _logged[location] += 1
    if _logged[location] <= _MAX_LOGGED:
        QgsMessageLog.logMessage(details(error), LOG, Qgis.MessageLevel.Critical, False)
    sentence = translate("Rsgpt", "Unexpected error {cause}. See “RSGPT” in QGIS's log messages.")
    cause = clean(without_secrets(f"{type(error).__name__}: {error}"))
    return sentence.format(cause=cause[:_MAX_CAUSE].rstrip(". "))


def log_problem(message: str) -> None:
    """Write a message for the user to QGIS's log, for work that has no window."""
    QgsMessageLog.logMessage(message, LOG, Qgis.MessageLevel.Warning)


def details(error: Exception) -> str:
    """Return the traceback as text."""
    return clean(without_secrets("".join(traceback.format_exception(type(error), error, error.__traceback__))))


def _location(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} {frames[-1].filename}:{frames[-1].lineno}" if frames else type(error).__name__
