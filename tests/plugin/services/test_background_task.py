"""Work on another thread ends in a result or a sentence, whatever is raised."""

from __future__ import annotations

import pytest

from rsgpt_plugin.errors import SetupError
from rsgpt_plugin.services.background_task import BackgroundTask
from rsgpt_plugin.services.machine.environment_setup import SetupTask
from tests.plugin.waiting import wait_until


@pytest.mark.parametrize(
    ("error", "sentence", "details"),
    [
        (SetupError("No room.", "disk full"), "No room.", "disk full"),
        (OSError("read-only"), "A file could not be read or written (read-only).", ""),
        (ValueError("odd"), "Unexpected error ValueError: odd. See “RSGPT”", "Traceback"),
    ],
)
def test_whatever_is_raised_is_told(qgis_app: object, error: Exception, sentence: str, details: str) -> None:
    def fail(work: BackgroundTask) -> None:
        raise error

    told: list[tuple[str, str]] = []
    work = BackgroundTask("work", fail)
    work.failed.connect(lambda *said: told.append(said))
    work.start()
    wait_until(lambda: bool(told))
    assert told[0][0].startswith(sentence)
    assert told[0][1].startswith(details)


def test_the_set_up_tells_whatever_is_raised(qgis_app: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(task: SetupTask) -> None:
        raise KeyError("version")

    monkeypatch.setattr(SetupTask, "_make", fail)
    task = SetupTask()
    told: list[tuple[bool, str]] = []
    task.ended.connect(lambda *said: told.append(said))
    task.finished(task.run())
    assert told == [(False, "Unexpected error KeyError: 'version'. See “RSGPT” in QGIS's log messages.")]
    assert task.details.startswith("Traceback")
