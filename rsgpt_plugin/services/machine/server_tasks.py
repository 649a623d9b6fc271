"""Asks a server for its models, or whether it sees pictures, in a task. Knows no widget."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication

from ...client.installed_models import ModelInfo
from ...client.preferences import Preferences
from ...client.server.remote_server import LISTING, server_gateway
from ...client.server.server_quirks import forget_manners
from ...client.server.vision_check import Verdict, try_server
from ..background_task import BackgroundTask

translate = QCoreApplication.translate


def list_models(chosen: Preferences) -> BackgroundTask:
    """Return the work that ends with the list of ModelInfo that the server offers."""

    def ask(work: BackgroundTask) -> list[ModelInfo]:
        forget_manners()  # the server may be another one than at the last time
        return server_gateway(chosen, "", LISTING).models(work.feedback)

    return BackgroundTask(translate("Rsgpt", "RSGPT: listing the server's models"), ask, shown=True)


def check_server(chosen: Preferences) -> BackgroundTask:
    """Return the work that ends with a Verdict."""

    def check(work: BackgroundTask) -> Verdict:
        forget_manners()
        return try_server(chosen, work.feedback)

    return BackgroundTask(translate("Rsgpt", "RSGPT: testing the server"), check, shown=True)
