"""Stored data is measured in the background and cleared after a confirmation; limits are read as shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from qgis.PyQt.QtWidgets import QMessageBox

from rsgpt_plugin.client.preferences import Preferences
from rsgpt_plugin.core.paths import feature_folder, picture_file
from rsgpt_plugin.core.picture_store import PictureStore
from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.gui.options.storage_group import StorageGroup
from rsgpt_plugin.services.background_task import BackgroundTask
from rsgpt_plugin.services.machine.storage import StoredKind

Wait = Callable[[Callable[[], bool]], None]
NO, YES = QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes

pytestmark = pytest.mark.usefixtures("settings")


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions that were asked; each is answered with yes."""
    questions: list[str] = []

    def question(parent: object, title: str, text: str, *buttons: object) -> QMessageBox.StandardButton:
        questions.append(text)
        return YES

    monkeypatch.setattr(QMessageBox, "question", question)
    return questions


def group(preferences: Preferences | None = None) -> StorageGroup:
    shown = StorageGroup(lambda: None)
    shown.show_preferences(preferences or Preferences())
    return shown


def test_pictures_are_measured_and_cleared(wait_until: Wait, monkeypatch: pytest.MonkeyPatch, own_home: Path) -> None:
    with PictureStore(picture_file(), 10**8) as store:
        store.put("a", bytes(3_000_000))
    shown = group()
    label = shown.sizes[StoredKind.PICTURES]
    wait_until(lambda: label.text() == "3 MB")
    answers = [NO, YES]
    monkeypatch.setattr(QMessageBox, "question", lambda *asked: answers.pop(0))
    shown.clear[StoredKind.PICTURES].click()
    assert label.text() == "3 MB"
    shown.clear[StoredKind.PICTURES].click()
    wait_until(lambda: label.text() != "3 MB")
    with PictureStore(picture_file(), 10**8) as store:
        assert store.get("a") is None


def test_features_are_measured_and_cleared_alone(wait_until: Wait, questions: list[str], own_home: Path) -> None:
    feature_folder().mkdir(parents=True)
    for number in range(3):
        (feature_folder() / f"{number}.features").write_bytes(bytes(1_000_000))
    picture_file().write_bytes(bytes(1_000))
    shown = group()
    wait_until(lambda: shown.sizes[StoredKind.FEATURES].text() == "3 MB")
    shown.clear[StoredKind.FEATURES].click()
    wait_until(lambda: shown.sizes[StoredKind.FEATURES].text() != "3 MB")
    assert not feature_folder().exists()
    assert picture_file().exists()


def test_the_environment_is_removed_alone(wait_until: Wait, questions: list[str], own_home: Path) -> None:
    for name in ("env", "language", "cache"):
        (own_home / name).mkdir(parents=True)
        (own_home / name / "file").write_bytes(bytes(1000))
    shown = group()
    wait_until(lambda: shown.sizes[StoredKind.ENVIRONMENT].text() == "2 kB")
    shown.clear[StoredKind.ENVIRONMENT].click()
    wait_until(lambda: shown.sizes[StoredKind.ENVIRONMENT].text() != "2 kB")
    assert (own_home / "cache" / "file").exists()
    assert not (own_home / "env").exists()


def test_sizes_are_unknown_and_buttons_disabled_until_they_are_measured(wait_until: Wait) -> None:
    shown = group()
    assert {label.text() for label in shown.sizes.values()} == {"…"}
    assert not any(button.isEnabled() for button in shown.clear.values())
    wait_until(shown.clear[StoredKind.ANSWERS].isEnabled)
    assert {label.text() for label in shown.sizes.values()} == {"0 B"}
    assert all(button.isEnabled() for button in shown.clear.values())


def test_each_kind_asks_a_question_of_its_own(wait_until: Wait, questions: list[str]) -> None:
    shown = group()
    for number, kind in enumerate(StoredKind):
        wait_until(shown.clear[kind].isEnabled)
        shown.clear[kind].click()
        assert len(questions) == number + 1
    assert len(set(questions)) == len(StoredKind)
    wait_until(shown.clear[StoredKind.ANSWERS].isEnabled)


def test_a_failure_is_shown_and_the_buttons_work_again(wait_until: Wait) -> None:
    shown = group()
    wait_until(shown.clear[StoredKind.ANSWERS].isEnabled)

    def fail(task: BackgroundTask) -> None:
        raise OutputError("The <b>cache</b> cannot be used.")

    shown.run(BackgroundTask("fails", fail))
    wait_until(lambda: not shown.problem.isHidden())
    assert shown.problem.text() == "The <b>cache</b> cannot be used."
    assert all(button.isEnabled() for button in shown.clear.values())
    shown.show_preferences(Preferences())
    assert shown.problem.isHidden()
    wait_until(shown.clear[StoredKind.ANSWERS].isEnabled)


@pytest.mark.parametrize(
    ("picture_mb", "feature_mb", "expected"),
    [(250, 0, (250, 0)), (10, 1_000_000, (10, 1_000_000)), (0, 2_000_000, (10, 1_000_000))],
)
def test_limits_are_returned_as_shown_and_stay_in_their_range(
    picture_mb: int, feature_mb: int, expected: tuple[int, int]
) -> None:
    shown = group(replace(Preferences(), picture_mb=picture_mb, feature_mb=feature_mb))
    updated = shown.updated(replace(Preferences(), threads=3))
    assert updated == replace(Preferences(), threads=3, picture_mb=expected[0], feature_mb=expected[1])


def test_a_limit_of_0_disables_the_cache_of_encoded_pictures() -> None:
    shown = group(replace(Preferences(), feature_mb=0))
    assert shown.feature_limit.text() == "disabled"
    shown.feature_limit.clear()
    shown.picture_limit.clear()
    assert shown.updated(Preferences()) == Preferences()  # the defaults


def test_repair_calls_back() -> None:
    repaired: list[bool] = []
    StorageGroup(lambda: repaired.append(True)).repair.click()
    assert repaired == [True]
