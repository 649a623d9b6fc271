"""Tasks that list a server's models and check whether it reads pictures."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication

from ...client.installed_models import ModelInfo
from ...client.preferences import Preferences
from ...client.server.remote_server import LISTING, server_gateway
from ...client.server.server_quirks import forget_quirks
from ...client.server.vision_check import Verdict, try_server
from ..background_task import BackgroundTask

translate = QCoreApplication.translate


def list_models(preferences: Preferences) -> BackgroundTask:
    """Return a task whose result is a list of ModelInfo, one per model of the server."""

    def request(task: BackgroundTask) -> list[ModelInfo]:
        forget_quirks()  # the server may have changed since the last request
        return server_gateway(preferences, "", LISTING).models(task.feedback)

    return BackgroundTask(translate("Rsgpt", "RSGPT: listing the server's models"), request, visible=True)


def check_server(preferences: Preferences) -> BackgroundTask:
    """Return a task that asks the server about a test picture; its result is a Verdict."""

    def check(task: BackgroundTask) -> Verdict:
        forget_quirks()
        return try_server(preferences, task.feedback)

    return BackgroundTask(translate("Rsgpt", "RSGPT: testing the server"), check, visible=True)
