"""What the user chose, kept for the profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
from qgis.core import QgsSettings

from rsgpt_plugin.client.preferences import BackendKind, Preferences, load, save


@pytest.fixture(autouse=True)
def none_chosen(qgis_app: Any) -> Iterator[None]:
    QgsSettings().remove("rsgpt")
    yield
    QgsSettings().remove("rsgpt")


def test_before_anything_is_chosen_the_usual_holds() -> None:
    assert load() == Preferences()


def test_every_choice_comes_back_equal() -> None:
    chosen = Preferences(
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
    assert all(getattr(chosen, field.name) != field.default for field in fields(Preferences))
    save(chosen)
    assert load() == chosen


def test_one_allowed_host_and_none_come_back() -> None:
    for hosts in ((), ("https://a:1",)):
        save(replace(Preferences(), allowed_hosts=hosts))
        assert load().allowed_hosts == hosts


@pytest.mark.parametrize(("name", "value"), [("door", "hatch"), ("threads", "many"), ("click_size_m", "wide")])
def test_a_value_without_sense_counts_as_not_set(name: str, value: str) -> None:
    QgsSettings().setValue(f"rsgpt/{name}", value)
    assert load() == Preferences()


def test_only_a_server_of_others_is_asked_for_a_language() -> None:
    assert Preferences(answer_language="French").wished_language == ""
    assert Preferences(door=BackendKind.SERVER, answer_language="French").wished_language == "French"
