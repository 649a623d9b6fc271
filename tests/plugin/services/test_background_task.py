"""Background tasks report every exception as a message."""

from __future__ import annotations

import pytest

from rsgpt_plugin.errors import SetupError
from rsgpt_plugin.services.background_task import BackgroundTask
from rsgpt_plugin.services.machine.environment_setup import SetupTask
from tests.plugin.waiting import wait_until


@pytest.mark.parametrize(
    ("error", "message", "details"),
    [
        (SetupError("No disk space.", "disk full"), "No disk space.", "disk full"),
        (OSError("read-only"), "A file could not be read or written (read-only).", ""),
        (ValueError("odd"), "Unexpected error ValueError: odd. See “RSGPT”", "Traceback"),
    ],
)
def test_background_task_reports_exceptions(qgis_app: object, error: Exception, message: str, details: str) -> None:
    def fail(task: BackgroundTask) -> None:
        raise error

    failures: list[tuple[str, str]] = []
    task = BackgroundTask("task", fail)
    task.failed.connect(lambda *arguments: failures.append(arguments))
    task.start()
    wait_until(lambda: bool(failures))
    assert failures[0][0].startswith(message)
    assert failures[0][1].startswith(details)


def test_setup_task_reports_unexpected_exceptions(qgis_app: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(task: SetupTask) -> None:
        raise KeyError("version")

    monkeypatch.setattr(SetupTask, "_make", fail)
    task = SetupTask()
    ends: list[tuple[bool, str]] = []
    task.ended.connect(lambda *arguments: ends.append(arguments))
    task.finished(task.run())
    assert ends == [(False, "Unexpected error KeyError: 'version'. See “RSGPT” in QGIS's log messages.")]
    assert task.details.startswith("Traceback")
