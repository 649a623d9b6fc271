"""A run's feedback that keeps what went wrong, as the sentences to show. Prints and logs nothing."""

from __future__ import annotations

from qgis.core import QgsProcessingFeedback
from qgis.PyQt.QtCore import QCoreApplication

translate = QCoreApplication.translate


class ErrorFeedback(QgsProcessingFeedback):
    """Keeps every error."""

    def __init__(self) -> None:
        super().__init__(False)
        self.errors: list[str] = []

    def reportError(self, error: str, fatalError: bool = False) -> None:  # noqa: N803 - QGIS's name
        """Keep `error`."""
        self.errors.append(error)

    def why(self) -> str:
        """Why the run failed, for the user."""
        unknown = translate("Rsgpt", "The run ended without a reason. See the message log under Processing.")
        return self.errors[0] if self.errors else unknown
