"""The options page: preferences are saved as shown when they are applied."""

from __future__ import annotations

from dataclasses import replace

import pytest
from qgis.PyQt.QtWidgets import QDialog, QVBoxLayout

from rsgpt_plugin.client.preferences import BackendKind, Preferences, load, save
from rsgpt_plugin.gui.options.options_page import OptionsFactory, OptionsPage

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


def test_the_setup_closes_the_options(settings: None) -> None:
    opened: list[bool] = []
    dialog = QDialog()
    shown = page(opened)
    QVBoxLayout(dialog).addWidget(shown)
    dialog.show()
    shown.storage.repair.click()
    assert opened == [True]
    assert not dialog.isVisible()
