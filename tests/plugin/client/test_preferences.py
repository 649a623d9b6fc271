"""Preferences stored in QGIS's settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
from qgis.core import QgsSettings

from rsgpt_plugin.client.preferences import BackendKind, Preferences, load, save


@pytest.fixture(autouse=True)
def default_settings(qgis_app: Any) -> Iterator[None]:
    QgsSettings().remove("rsgpt")
    yield
    QgsSettings().remove("rsgpt")


def test_without_settings_load_returns_the_defaults() -> None:
    assert load() == Preferences()


def test_every_preference_is_stored_and_loaded() -> None:
    preferences = Preferences(
        *(
            BackendKind.SERVER,
            "/usr/bin/python3",
            "https://a.example/v1",
            "abc1234",
            "llava",
            "/m",
            ("/m", "/n"),
            "cuda:1",
            3,
        ),
        *(50, 60, "What is here?", 120.5, "German", 0.25),
        *(("https://a.example:443", "http://b:1"), ("q[yesno]: Is it?",), 1024, 2.5),
    )
    assert all(getattr(preferences, field.name) != field.default for field in fields(Preferences))
    save(preferences)
    assert load() == preferences


def test_one_allowed_host_and_none_are_stored_and_loaded() -> None:
    for hosts in ((), ("https://a:1",)):
        save(replace(Preferences(), allowed_hosts=hosts))
        assert load().allowed_hosts == hosts


@pytest.mark.parametrize(("name", "value"), [("door", "hatch"), ("threads", "many"), ("click_size_m", "wide")])
def test_an_invalid_value_is_replaced_by_the_default(name: str, value: str) -> None:
    QgsSettings().setValue(f"rsgpt/{name}", value)
    assert load() == Preferences()


def test_only_external_servers_are_asked_for_a_language() -> None:
    assert Preferences(answer_language="French").prompt_language == ""
    assert Preferences(door=BackendKind.SERVER, answer_language="French").prompt_language == "French"
