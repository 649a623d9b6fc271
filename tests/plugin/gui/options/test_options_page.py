"""The options page: preferences are saved as shown, and stored data is cleared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDialog, QMessageBox, QVBoxLayout

from rsgpt_plugin.client.preferences import BackendKind, Preferences, load, save
from rsgpt_plugin.core.paths import feature_folder, picture_file
from rsgpt_plugin.core.picture_store import PictureStore
from rsgpt_plugin.gui.options.options_page import OptionsFactory, OptionsPage
from rsgpt_plugin.services.machine.storage import StoredKind

Wait = Callable[[Callable[[], bool]], None]
CHOSEN = Preferences(
    door=BackendKind.PYTHON,
    python="/envs/a/bin/python",
    model="/models/mine",
    model_folders=("/models/mine",),
    device="cuda:1",
    threads=3,
    picture_mb=250,
    feature_mb=0,
    prompt="What is here?",
    click_size_m=150.0,
    answer_language="Swahili",
    least_confidence=0.35,
    allowed_hosts=("https://a.example:443", "http://b.example:80"),
)


def page(opened: list[bool] | None = None) -> OptionsPage:
    return OptionsFactory((opened if opened is not None else []).append).createWidget(None)


@pytest.mark.parametrize(
    "chosen", [Preferences(), CHOSEN, replace(CHOSEN, door=BackendKind.IN_PROCESS, answer_language="")]
)
def test_preferences_are_saved_as_shown(settings: None, chosen: Preferences) -> None:
    save(chosen)
    shown = page()
    save(Preferences())
    shown.privacy.show_preferences(chosen)
    save(replace(Preferences(), allowed_hosts=chosen.allowed_hosts, model_folders=chosen.model_folders))
    shown.apply()
    assert load() == chosen


def test_a_change_is_saved_only_when_it_is_applied(settings: None) -> None:
    shown = page()
    shown.asking.language.setCurrentIndex(shown.asking.language.findData("French"))
    shown.model.backend.setCurrentIndex(shown.model.backend.findData(BackendKind.IN_PROCESS))
    assert load() == Preferences()
    shown.apply()
    assert (load().answer_language, load().door) == ("French", BackendKind.IN_PROCESS)


def test_permission_for_a_host_can_be_revoked(settings: None) -> None:
    save(CHOSEN)
    shown = page()
    shown.privacy.hosts.setCurrentRow(0)
    QTest.mouseClick(shown.privacy.revoke, Qt.MouseButton.LeftButton)
    shown.apply()
    assert load().allowed_hosts == ("http://b.example:80",)


def test_pictures_are_measured_and_cleared(
    settings: None, wait_until: Wait, monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    with PictureStore(picture_file(), 10**8) as store:
        store.put("a", bytes(3_000_000))
    shown = page()
    label = shown.storage.sizes[StoredKind.PICTURES]
    wait_until(lambda: label.text() == "3 MB")
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *asked: answers.pop(0))
    shown.storage.clear[StoredKind.PICTURES].click()
    assert label.text() == "3 MB"
    shown.storage.clear[StoredKind.PICTURES].click()
    wait_until(lambda: label.text() != "3 MB")
    with PictureStore(picture_file(), 10**8) as store:
        assert store.get("a") is None


def test_features_are_measured_and_cleared_alone(
    settings: None, wait_until: Wait, monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    feature_folder().mkdir(parents=True)
    for number in range(3):
        (feature_folder() / f"{number}.features").write_bytes(bytes(1_000_000))
    picture_file().write_bytes(bytes(1_000))
    monkeypatch.setattr(QMessageBox, "question", lambda *asked: QMessageBox.StandardButton.Yes)
    shown = page()
    wait_until(lambda: shown.storage.sizes[StoredKind.FEATURES].text() == "3 MB")
    shown.storage.clear[StoredKind.FEATURES].click()
    wait_until(lambda: shown.storage.sizes[StoredKind.FEATURES].text() != "3 MB")
    assert not feature_folder().exists()
    assert picture_file().exists()


def test_the_environment_is_removed_alone(
    settings: None, wait_until: Wait, monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    for name in ("env", "language", "cache"):
        (own_home / name).mkdir(parents=True)
        (own_home / name / "file").write_bytes(bytes(1000))
    monkeypatch.setattr(QMessageBox, "question", lambda *asked: QMessageBox.StandardButton.Yes)
    shown = page()
    wait_until(lambda: shown.storage.sizes[StoredKind.ENVIRONMENT].text() == "2 kB")
    shown.storage.clear[StoredKind.ENVIRONMENT].click()
    wait_until(lambda: shown.storage.sizes[StoredKind.ENVIRONMENT].text() != "2 kB")
    assert (own_home / "cache" / "file").exists()
    assert not (own_home / "env").exists()


def test_the_setup_closes_the_options(settings: None) -> None:
    opened: list[bool] = []
    dialog = QDialog()
    shown = page(opened)
    QVBoxLayout(dialog).addWidget(shown)
    dialog.show()
    shown.storage.repair.click()
    assert opened == [True]
    assert not dialog.isVisible()
