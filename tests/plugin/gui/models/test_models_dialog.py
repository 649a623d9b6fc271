"""The models dialog: the backend's report on each model, and changes to the list."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from qgis.PyQt.QtCore import QCoreApplication, QEvent
from qgis.PyQt.QtWidgets import QDialogButtonBox

from rsgpt_plugin.client.preferences import Preferences, load, save
from rsgpt_plugin.gui.models.convert_dialog import ConvertDialog
from rsgpt_plugin.gui.models.models_dialog import ModelsDialog
from rsgpt_plugin.services.background_task import BackgroundTask
from rsgpt_plugin.services.machine import model_commands

Wait = Callable[[Callable[[], bool]], None]
SMALL = {"name": "rsgpt-small", "licence": "GPL", "folder": "/shipped", "bytes": 29_000_000, "memory": 1_600_000_000}


@pytest.fixture
def replies(settings: None, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, list[str]]]:
    """Replies of the backend's command, one per call; the last one repeats."""
    replies: list[tuple[int, list[str]]] = [(0, [json.dumps({**SMALL, "precision": "fp32", "device": "cpu"})])]

    def run(chosen: Preferences, arguments: Sequence[str], work: BackgroundTask) -> tuple[int, list[str]]:
        status, lines = replies[0] if len(replies) == 1 else replies.pop(0)
        for line in lines:
            work.say(line)
        return status, lines

    monkeypatch.setattr(model_commands, "_rsgpt", run)
    return replies


def own_model(tmp_path: Path) -> str:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "model.json").write_text(json.dumps({"name": "mine", "weights_sha256": "ab" * 32}))
    return str(folder)


def names(dialog: ModelsDialog) -> list[str]:
    return [dialog.list.topLevelItem(row).text(0) for row in range(dialog.list.topLevelItemCount())]


def test_names_are_listed_immediately_and_sizes_later(replies: list[tuple[int, list[str]]], wait_until: Wait) -> None:
    dialog = ModelsDialog()
    assert names(dialog) == ["rsgpt-small (default)"]
    wait_until(lambda: "1.6 GB" in dialog.list.topLevelItem(0).text(2))
    assert dialog.list.topLevelItem(0).text(1) == "29 MB"
    assert "1.6 GB of memory in fp32 on cpu" in dialog.about.text()
    dialog.reject()


def test_it_closes_after_qgis_has_deleted_the_task_of_the_list(
    replies: list[tuple[int, list[str]]], wait_until: Wait
) -> None:
    dialog = ModelsDialog()
    dialog.show()
    wait_until(lambda: "1.6 GB" in dialog.list.topLevelItem(0).text(2))
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    dialog.reject()
    assert not dialog.isVisible()


def test_a_user_s_folder_is_added_used_and_removed(
    replies: list[tuple[int, list[str]]], wait_until: Wait, tmp_path: Path
) -> None:
    folder = own_model(tmp_path)
    dialog = ModelsDialog()
    dialog.add_folder(folder)
    assert load().model_folders == (folder,)
    assert names(dialog) == ["rsgpt-small (default)", "mine"]
    dialog.list.setCurrentItem(dialog.list.topLevelItem(1))
    dialog.use.click()
    assert load().model == folder
    assert names(dialog) == ["rsgpt-small", "mine (default)"]
    dialog.remove.click()
    assert load() == Preferences()
    dialog.reject()


def test_a_folder_without_a_model_is_refused(replies: list[tuple[int, list[str]]], tmp_path: Path) -> None:
    dialog = ModelsDialog()
    dialog.add_folder(str(tmp_path))
    assert not dialog.problem.isHidden()
    assert "There is no model" in dialog.problem.sentence.text()
    assert load().model_folders == ()
    dialog.reject()


def test_a_model_that_does_not_fit_says_so(
    replies: list[tuple[int, list[str]]], wait_until: Wait, tmp_path: Path
) -> None:
    folder = own_model(tmp_path)
    save(replace(Preferences(), model_folders=(folder,)))
    too_large = {"name": "mine", "folder": folder, "does_not_fit": "The model needs 30.0 GB."}
    replies[0] = (0, [json.dumps(SMALL), json.dumps(too_large)])
    dialog = ModelsDialog()
    wait_until(lambda: dialog.list.topLevelItem(1).text(2) == "too much")
    dialog.list.setCurrentItem(dialog.list.topLevelItem(1))
    assert "The model needs 30.0 GB." in dialog.about.text()
    dialog.reject()


def test_without_an_environment_the_advice_is_to_set_up(settings: None, wait_until: Wait) -> None:
    dialog = ModelsDialog()
    wait_until(lambda: not dialog.problem.isHidden())
    assert "is not set up" in dialog.problem.sentence.text()
    dialog.reject()


def test_a_conversion_shows_its_output_and_ends_with_a_folder_or_a_message(
    replies: list[tuple[int, list[str]]], wait_until: Wait, tmp_path: Path
) -> None:
    replies[:] = [(1, ["reading", "No file holds a projection."]), (0, ["reading", "{}"])]
    dialog = ConvertDialog()
    convert = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert not convert.isEnabled()
    dialog.checkpoints.setFilePath('"/a.pth" "/b c.pth"')
    dialog.language.setFilePath("/vicuna")
    dialog.out.setFilePath(str(tmp_path / "new"))
    arguments = dialog.conversion().arguments()
    assert arguments[-3:] == ["--", "/a.pth", "/b c.pth"]
    assert arguments[2:6] == ["--language", "/vicuna", "--out", str(tmp_path / "new")]
    folders: list[str] = []
    dialog.converted.connect(folders.append)
    convert.click()
    wait_until(lambda: not dialog.problem.isHidden())
    assert dialog.problem.sentence.text() == "No file holds a projection."
    assert dialog.output.toPlainText().startswith("reading")
    dialog.problem.try_again.click()
    wait_until(lambda: bool(folders))
    assert folders == [str(tmp_path / "new")]
