"""A Processing feedback that collects error messages for the user."""

from __future__ import annotations

from qgis.core import QgsProcessingFeedback
from qgis.PyQt.QtCore import QCoreApplication

translate = QCoreApplication.translate


class ErrorFeedback(QgsProcessingFeedback):
    """Collects the errors of a run."""

    def __init__(self) -> None:
        super().__init__(False)
        self.errors: list[str] = []

    def reportError(self, error: str, fatalError: bool = False) -> None:  # noqa: N803 - QGIS's name
        self.errors.append(error)

    def first_error(self) -> str:
        """Return the first error, or a general message if there is none."""
        unknown = translate("Rsgpt", "The run failed for an unknown reason. See “Processing” in QGIS's log messages.")
        return self.errors[0] if self.errors else unknown
